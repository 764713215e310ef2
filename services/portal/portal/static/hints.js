// What the settings of an archive mean, for the forms that ask for them.

export const SMALLEST_LOGO_PX = 640;

export const HINTS = {
  description: "What is in it, and for whom.",
  logo: `Square, at least ${SMALLEST_LOGO_PX} × ${SMALLEST_LOGO_PX} pixels; optional.`,
  public: "Everybody sees title, description and logo. The images always need a role.",
  deidentify: "Imported images lose names, dates, identifiers and descriptions. Pictures with writing in them are refused where the file says so.",
  keep_labels: "Editors may look at label and overview of slides, which often name the patient. Otherwise these are dropped; de-identified archives always drop them.",
};
