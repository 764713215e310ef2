"""How far a scanner's slide is on its way to something that can be looked at, in words for people."""

from dataclasses import dataclass
from enum import StrEnum

from archive_shared.jobs.job import JobState
from tiler.domain.slide_jobs import LevelFilling, SlideConversion


class SlideStage(StrEnum):
    """QUEUED and CONVERTING come before people can look at it; the others but FAILED after."""

    QUEUED = "queued"
    CONVERTING = "converting"
    ADDING_LEVELS = "adding levels"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


@dataclass(frozen=True)
class SlideProgress:
    """One moment of it.

    Parameters
    ----------
    thousandths
        How much of the present stage is done.
    reason
        Why it failed, stays incomplete or has to be tried again; "" if nothing went wrong.
    """

    stage: SlideStage
    thousandths: int = 0
    reason: str = ""


def slide_progress(conversion: SlideConversion, filling: LevelFilling | None) -> SlideProgress:
    """Tell how far a slide is; there is no filling before its conversion is done, and none if nothing lacks then."""
    reason = conversion.job.reason
    match conversion.job.state:
        case JobState.QUEUED:
            return SlideProgress(SlideStage.QUEUED, reason=reason)
        case JobState.RUNNING:
            return SlideProgress(SlideStage.CONVERTING, conversion.done, reason)
        case JobState.DONE:
            return _after_conversion(conversion, filling)
        case JobState.FAILED | JobState.CANCELLED:
            return SlideProgress(SlideStage.FAILED, reason=reason)


def _after_conversion(conversion: SlideConversion, filling: LevelFilling | None) -> SlideProgress:
    if filling is None and conversion.product is not None and conversion.product.is_complete:
        return SlideProgress(SlideStage.COMPLETE, 1000)
    if filling is None:
        return SlideProgress(SlideStage.ADDING_LEVELS)
    if filling.job.state is JobState.DONE:
        return SlideProgress(SlideStage.COMPLETE, 1000)
    if filling.job.is_finished:
        return SlideProgress(SlideStage.INCOMPLETE, reason=filling.job.reason)
    return SlideProgress(SlideStage.ADDING_LEVELS, filling.done, filling.job.reason)
