"""Finding definitions by description: reads only. Whatever a search leaves behind is written by
`codeindex`."""
