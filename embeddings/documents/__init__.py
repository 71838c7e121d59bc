"""What search finds in files that no grammar reads: the sections of documents, the keys of data,
the cells of notebooks, the languages inside components and templates, and what SQL and style sheets
define, whose dialects no grammar covers.

Each module reads some of the types in `embeddings.code.languages.documents`, by a function
`read(source, language)` that yields units (`Definition`). Every line with a word lies in the text
of one of them. All take time linear in the length of a file, whatever it contains, and are scanners
of lines or tokens: a full parser of Markdown takes four seconds for a megabyte of nested lists, and
one of YAML refuses templates of YAML.
"""
