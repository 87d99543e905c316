# bash completion for latchkey. Made by: latchkey config completion

_latchkey() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local options="--config --json --help" candidates="" words=() i
  COMPREPLY=()
  if [[ $previous == --config ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --after | --config | --ends | --expires-in | --from | --inactive | --limit | --name | --sample | --search | --to | --user | --uses) ((i++)) ;;
      -*) ;;
      *) words+=("${COMP_WORDS[i]}") ;;
    esac
  done
  case ${#words[@]} in
    0) candidates="serve doctor homeserver restore config user stats session registration-token audit keys outbox backup provider" ;;
    1) case ${words[0]} in
    homeserver) candidates="config sync" ;;
    config) candidates="check example reference manual completion" ;;
    user) candidates="list show create set-password recovery-link lock unlock suspend unsuspend deactivate reactivate admin sign-out soft-logout add-threepid remove-threepid threepids sessions link unlink links" ;;
    session) candidates="end soft-logout soft-logout-all replay-ends mark-gap" ;;
    registration-token) candidates="create list revoke" ;;
    keys) candidates="list rotate replace rotate-signing" ;;
    provider) candidates="list test sweep" ;;
    esac ;;
  esac
  case "${words[*]:0:2}" in
    'doctor') options="--user --password-stdin $options" ;;
    'restore') options="--ends --replace $options" ;;
    'user list') options="--search --locked --suspended --deactivated --admin --inactive --after --limit $options" ;;
    'user create') options="--password-stdin --admin $options" ;;
    'user set-password') options="--password-stdin $options" ;;
    'user deactivate') options="--erase $options" ;;
    'session replay-ends') options="--apply $options" ;;
    'session mark-gap') options="--from --to $options" ;;
    'registration-token create') options="--name --uses --expires-in $options" ;;
    'audit') options="--user --limit $options" ;;
    'homeserver sync') options="--apply --sample $options" ;;
    'provider sweep') options="--apply $options" ;;
  esac
  [[ $current == -* ]] && candidates=$options
  mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
}
complete -F _latchkey latchkey
