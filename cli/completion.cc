#include "cli/completion.h"

#include "cli/command_line.h"

namespace covey::cli {
namespace {

template <typename Words>
std::string spaced(const Words& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + std::string(word);
  return out;
}

std::string options_of(const Command& command) {
  std::string out;
  for (const Option& option : command.options) out += "--" + std::string(option.name) + " ";
  for (const Option& option : common_options()) out += "--" + std::string(option.name) + " ";
  out.pop_back();
  return out;
}

}  // namespace

std::string bash_completion() {
  std::string out = R"(# bash completion of covey: source <(covey completion bash)
_covey() {
  local word="${COMP_WORDS[COMP_CWORD]}" first="${COMP_WORDS[1]}" second="${COMP_WORDS[2]}" words=''
  if [[ $COMP_CWORD -eq 1 ]]; then
    words=')" + spaced(first_words()) +
                    R"( --help --version'
  elif [[ $COMP_CWORD -eq 2 ]]; then
    case "$first" in
)";
  for (const std::string_view group : first_words()) {
    const auto names = second_words(group);
    if (!names.empty()) {
      out += "      " + std::string(group) + ") words='" + spaced(names) + "' ;;\n";
    }
  }
  out +=
      "    esac\n  fi\n  if [[ -z $words && $word == -* ]]; then\n    case \"$first $second\" in\n";
  for (const Command& command : all_commands()) {
    const std::string pattern = command.group.empty() ? "'" + std::string(command.name) + " '*"
                                                      : "'" + std::string(command.group) + " " +
                                                            std::string(command.name) + "'";
    out += "      " + pattern + ") words='" + options_of(command) + "' ;;\n";
  }
  return out + R"(    esac
  fi
  if [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _covey covey
)";
}

}  // namespace covey::cli
