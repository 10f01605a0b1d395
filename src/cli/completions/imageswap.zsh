#compdef imageswap
# Completions of imageswap for zsh: source <(imageswap completions zsh)

_imageswap() {
    local value help typed=${(Q)PREFIX} outside
    local -a before open closed quoted
    (( CURRENT > 2 )) && before=("${(@Q)words[2,CURRENT-1]}")
    # zsh leaves an open brace out of PREFIX, so it is added to the candidate.
    if [[ -z $SUFFIX && ${#words[CURRENT]//[^\{]} -gt ${#PREFIX//[^\{]} ]]; then
        typed=${(Q)words[CURRENT]}
        outside=${typed%\{*}
        quoted=(-Q)
    fi
    while IFS=$'\t' read -r value help; do
        # `(q)` would quote the braces of a constant too.
        (( $#quoted )) && value=${${${(q)${:-$outside${value#"$outside{"}}}//\\\{/\{}//\\\}/\}}
        value=${${value//\\/\\\\}//:/\\:}
        # Text follows a directory, a constant, and a key.
        if [[ $value == *[/=}] ]]; then
            open+=("$value${help:+:$help}")
        else
            closed+=("$value${help:+:$help}")
        fi
    done < <(command imageswap __complete zsh -- "${before[@]}" "$typed" </dev/null 2>/dev/null)
    (( $#open )) && _describe -V imageswap open $quoted -S ''
    (( $#closed )) && _describe -V imageswap closed $quoted
    (( $#open + $#closed ))
}

# In a directory of fpath this file is the function itself.
if [[ ${funcstack[1]} == _imageswap ]]; then
    _imageswap "$@"
else
    compdef _imageswap imageswap
fi
