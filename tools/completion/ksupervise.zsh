#compdef ksupervise kproduce kconsume kstat kctl ktopic kbroker kaudit kweb ktour
# Completion for zsh. What could stand there the programs themselves say (--complete): this only asks them.

local -a candidates lines
local line word help tab=$'\t'
lines=("${(@f)$(${(Q)words[1]} --complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
for line in $lines; do
    case $line in
    '') ;;
    :files) _files && return ;;
    :folders) _files -/ && return ;;
    *)
        word=${line%%$tab*}
        help=${line#*$tab}
        candidates+=("${word//:/\\:}${help:+:$help}")
        ;;
    esac
done
_describe -V 'words' candidates
