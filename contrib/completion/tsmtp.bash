# Completion of tsmtp's programs for bash. It asks each of them with --help, so that it never lags behind them.

# The words of a --help: `command NAME', and `option NAME VALUE'. VALUE is the kind of value that the option takes, or a dot.
_tsmtp_words() {
  awk '
    /^[A-Z][a-z]*:$/ { section = $1; next }
    /^  [a-z]/ && (section == "" || section == "Subcommands:" || section == "Commands:") { print "command", $1 }
    /^  -/ {
      count = split($1, names, ",")
      value = $2 ~ /^[A-Z][A-Z]/ ? $2 : "."
      for (i = 1; i <= count; ++i) print "option", names[i], value
    }' <<<"$1"
}

_tsmtp() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
  local words command= kind name value i
  words=$(_tsmtp_words "$("$program" --help 2>/dev/null)")
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if grep -qxF -- "command ${COMP_WORDS[i]}" <<<"$words"; then
      command=${COMP_WORDS[i]}
      words=$(grep '^option' <<<"$words"; _tsmtp_words "$("$program" "$command" --help 2>/dev/null)")
      break
    fi
  done
  COMPREPLY=()
  while read -r kind name value; do
    if [[ $kind == option && $name == "$before" && $value != . ]]; then
      case $value in
        FILE* | DB*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      esac
      return
    fi
    [[ $name == "$current"* && ($kind == command || $current == -*) ]] && COMPREPLY+=("$name")
  done <<<"$words"
  if [[ ${#COMPREPLY[@]} == 0 && $current != -* && $program != *relay* ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}

complete -F _tsmtp relayd relayctl mailertable tsmtp-sendmail tsmtp-routes
