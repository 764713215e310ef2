// Lets what is under way on a page keep its reader: closing the tab is asked about by the browser, but going to another page
// of ours ends it just as well.

export const LEAVING = "leaving";

// Returns whether the page may be left; whoever listens to the event may prevent that.
export function mayLeave() {
  return document.dispatchEvent(new Event(LEAVING, { cancelable: true }));
}
