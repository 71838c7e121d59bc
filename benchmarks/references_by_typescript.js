// The references of TypeScript definitions as TypeScript's language service finds them, by types:
// one line of JSON each. `npm install typescript`, then
//
//     node benchmarks/references_by_typescript.js FOLDER REPOSITORY PATH:NAME …
//
// as for references_by_jedi.py.
const fs = require("fs");
const path = require("path");
const ts = require(require.resolve("typescript", { paths: [process.cwd()] }));

const [folder, repository, ...wanted] = process.argv.slice(2);
const root = path.resolve(folder);
const files = ts.sys.readDirectory(root, [".ts", ".tsx"], ["node_modules", "dist"]);
const service = ts.createLanguageService({
  getScriptFileNames: () => files,
  getScriptVersion: () => "1",
  getScriptSnapshot: (file) =>
    fs.existsSync(file) ? ts.ScriptSnapshot.fromString(fs.readFileSync(file, "utf8")) : undefined,
  getCurrentDirectory: () => root,
  getCompilationSettings: () => ({
    allowImportingTsExtensions: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
  }),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

function place(reference) {
  const source = service.getProgram().getSourceFile(reference.fileName);
  const { line } = source.getLineAndCharacterOfPosition(reference.textSpan.start);
  return [path.relative(root, reference.fileName), line + 1];
}

for (const each of wanted) {
  const [file, name] = each.split(":");
  const full = path.join(root, file);
  const text = fs.readFileSync(full, "utf8");
  const last = name.split(".").pop();
  const declared = new RegExp(`(?:function|class|const|interface|type)\\s+${last}\\b|^\\s+${last}\\(`, "m");
  const match = declared.exec(text);
  const position = match.index + match[0].lastIndexOf(last);
  const found = service.findReferences(full, position) ?? [];
  const references = found
    .flatMap((symbol) => symbol.references)
    .filter((reference) => reference.fileName.startsWith(root))
    .map(place);
  console.log(JSON.stringify({ repository, path: file, name, references }));
}
