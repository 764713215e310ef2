// What the reader may do in an archive, by the role that its answer tells. The server decides anew with every request.

export function mayManage(archive) {
  return archive.role === "editor";
}

export function mayUpload(archive) {
  return mayManage(archive) || archive.role === "uploader";
}
