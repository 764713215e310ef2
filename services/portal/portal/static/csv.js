// Reads comma-separated values as spreadsheets write them (RFC 4180): quoted where need be, with commas, semicolons or tabs.

const QUOTED = '"(?:[^"]|"")*"';

// Returns a list of rows, each a list of texts; empty lines are left out.
export function rowsOf(text) {
  const [heads] = text.split(/\r?\n/, 1);
  const comma = [",", ";", "\t"].find((each) => heads.includes(each)) || ",";
  const cell = new RegExp(`(${QUOTED}|[^${comma}\r\n]*)(${comma}|\r?\n|$)`, "g");
  const rows = [];
  let row = [];
  for (const [whole, written, end] of text.replace(/^\ufeff/, "").matchAll(cell)) {
    row.push(unquoted(written));
    if (end === comma) continue;
    if (row.some(Boolean)) rows.push(row);
    row = [];
    if (!whole) break;
  }
  return rows;
}

// Returns an object for each row below the first, which names its fields.
export function recordsOf(text) {
  const [heads = [], ...rows] = rowsOf(text);
  const names = heads.map((name) => name.trim().toLowerCase());
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, (row[index] || "").trim()])));
}

function unquoted(written) {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written;
}
