# Completions of imageswap for fish: imageswap completions fish | source

function __imageswap_complete
    set -l before (commandline --current-process --tokenize --cut-at-cursor)
    set -l typed (commandline --current-token --cut-at-cursor)
    # In an open quote, `string unescape` fails: only the quote has to go.
    set -l current (string unescape -- $typed; or string trim --left --chars '"\'' -- $typed)
    command imageswap __complete fish -- $before[2..] "$current" </dev/null 2>/dev/null
end

complete --command imageswap --no-files --keep-order --arguments '(__imageswap_complete)'
