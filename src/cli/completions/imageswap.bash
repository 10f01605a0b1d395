# Completions of imageswap for bash: source <(imageswap completions bash)

_imageswap() {
    local kind candidate
    COMPREPLY=()
    {
        IFS= read -r kind
        while IFS= read -r candidate; do
            COMPREPLY+=("$candidate")
        done
    } < <(command imageswap __complete bash -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" \
        </dev/null 2>/dev/null)
    if [[ $kind == files ]]; then
        compopt -o filenames 2>/dev/null
    fi
    # Text follows a directory, a constant, and a key.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=}] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# Bash before 4.4 does not have `nosort`.
complete -o nosort -F _imageswap imageswap 2>/dev/null || complete -F _imageswap imageswap
