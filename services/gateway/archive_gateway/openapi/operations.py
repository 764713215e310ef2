"""What each route takes and answers; a test holds that every route has a row."""

from archive_gateway.openapi.archive_operations import ARCHIVE_OPERATIONS
from archive_gateway.openapi.operation import Key, Operation
from archive_gateway.openapi.service_operations import SERVICE_OPERATIONS

OPERATIONS: dict[Key, Operation] = ARCHIVE_OPERATIONS | SERVICE_OPERATIONS
