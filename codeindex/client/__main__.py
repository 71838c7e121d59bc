from codeindex.client.cli import main

main(prog_name="codeindex")
