# shellcheck shell=bash
# Completion for bash. What could stand there the programs themselves say (--complete): this only asks them.

_ksupervise_complete() {
    local words=() word current lead line i
    # Bash cuts words at '=' and ':' too: put together again what stands without a blank.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((${#words[@]} > 0)) && [[ $word == [=:]* || ${words[-1]} == *[=:] && ${COMP_WORDS[i - 1]} == [=:]* ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    COMPREPLY=()
    ((${#words[@]} > 0)) || return
    current=${words[-1]}
    lead=${current%"${current##*[=:]}"} # what bash keeps
    while IFS= read -r line; do
        case $line in
        :files) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "${current#"$lead"}") ;;
        :folders) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "${current#"$lead"}") ;;
        *)
            line=${line%%$'\t'*}
            COMPREPLY+=("${line#"$lead"}")
            ;;
        esac
    done < <("${COMP_WORDS[0]}" --complete "${words[@]}" 2>/dev/null)
    # What ends with '=' goes on.
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}

complete -F _ksupervise_complete ksupervise kproduce kconsume kstat kctl ktopic kbroker kaudit kweb ktour
