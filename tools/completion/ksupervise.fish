# Completion for fish. What could stand there the programs themselves say (--complete): this only asks them.
# A copy under each program's name: fish looks for NAME.fish.

function __ksupervise_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] --complete $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case :files
            __fish_complete_path "$current"
        case :folders
            __fish_complete_directories "$current"
        case '*'
            printf '%s\n' $lines
    end
end

for program in ksupervise kproduce kconsume kstat kctl ktopic kbroker kaudit kweb ktour
    complete -c $program -f -a '(__ksupervise_complete)'
end
