#include "cli/command_line.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "cli/exit_status.h"
#include "cli/programs.h"
#include "covey/settings/nearest_name.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

constexpr std::array kCommon = {
    Option{"socket", "PATH",
           "the coordinator's admin socket (default: $COVEY_SOCKET, or ./covey-state/admin.sock)"},
    Option{"format", "FORMAT", "text or json (default: text)"},
    Option{"help", "", "print this"},
};

constexpr std::string_view kEndings = R"(
Exit status: 0 done; 1 refused or failed; 2 wrong usage; 3 no coordinator answers; 4 task wait: the
task has ended without success; 5 the audit log is broken; 6 task wait: the time is over.
)";

std::string full_name(const Command& command) {
  std::string name = "covey ";
  if (!command.group.empty()) name += std::string(command.group) + " ";
  return name + std::string(command.name);
}

// `before`: the words that stand before the unknown one.
int unknown_word(Context& context, const std::string& before, const std::string& typed,
                 std::span<const std::string_view> names) {
  const std::string nearest = settings::did_you_mean(typed, names);
  std::string list;
  for (const std::string_view name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return usage_error(context, "the command '" + before + typed + "' is not known" +
                                  (nearest.empty() ? "; known: " + list : nearest));
}

int run_command(const Command& command, std::span<const std::string> arguments, Context& context) {
  const auto invocation = parse(command, arguments);
  if (!invocation) return usage_error(context, invocation.error().message);
  if (!invocation->has("help")) return command.run(*invocation, context);
  context.out << help_of(command);
  return kOk;
}

int group_help(std::string_view group, Context& context) {
  context.out << "Usage: covey " << group << " COMMAND …\n\n";
  for (const Command& command : all_commands()) {
    if (command.group != group) continue;
    std::string left = "  " + std::string(command.name) + " " + std::string(command.words);
    left = shell::padded(left + "  ", 28, false);
    context.out << left << command.summary << '\n';
  }
  context.out << "\ncovey " << group << " COMMAND --help says more.\n";
  return kOk;
}

int run_words(std::span<const std::string> words, Context& context) {
  const std::string& first = words.front();
  for (const Command& command : all_commands()) {
    if (command.group.empty() && command.name == first) {
      return run_command(command, words.subspan(1), context);
    }
  }
  const auto names = second_words(first);
  if (names.empty()) return unknown_word(context, "", first, first_words());
  if (words.size() == 1) {
    return usage_error(context, "covey " + first + " needs a command after it");
  }
  if (words[1] == "--help") return group_help(first, context);
  for (const Command& command : all_commands()) {
    if (command.group == first && command.name == words[1]) {
      return run_command(command, words.subspan(2), context);
    }
  }
  return unknown_word(context, first + " ", words[1], names);
}

}  // namespace

std::string Invocation::socket() const {
  if (has("socket")) return value("socket");
  const char* set = std::getenv("COVEY_SOCKET");
  return set != nullptr && *set != '\0' ? set : "./covey-state/admin.sock";
}

const std::vector<Command>& all_commands() {
  static const std::vector<Command> commands = [] {
    std::vector<Command> all;
    for (auto list : {daemon_commands, task_commands, round_commands, model_commands,
                      device_commands, audit_commands}) {
      for (Command& command : list()) all.push_back(std::move(command));
    }
    return all;
  }();
  return commands;
}

std::span<const Option> common_options() { return kCommon; }

std::vector<std::string_view> first_words() {
  std::vector<std::string_view> words;
  for (const Command& command : all_commands()) {
    const std::string_view word = command.group.empty() ? command.name : command.group;
    if (words.empty() || words.back() != word) words.push_back(word);
  }
  for (const Program& program : other_programs()) words.push_back(program.word);
  return words;
}

std::vector<std::string_view> second_words(std::string_view group) {
  std::vector<std::string_view> words;
  for (const Command& command : all_commands()) {
    if (!group.empty() && command.group == group) words.push_back(command.name);
  }
  return words;
}

Result<Invocation> parse(const Command& command, std::span<const std::string> arguments) {
  shell::Usage usage{full_name(command), command.words, command.options};
  usage.options.insert(usage.options.end(), kCommon.begin(), kCommon.end());
  COVEY_ASSIGN_OR_RETURN(auto checked, shell::parse(usage, arguments));
  return Invocation{std::move(checked)};
}

std::string help_of(const Command& command) {
  std::string out = "Usage: " + full_name(command);
  if (!command.words.empty()) out += " " + std::string(command.words);
  out += " [options]\n\n" + std::string(command.summary) + "\n\n";
  out += shell::text_of_options(command.options) + shell::text_of_options(kCommon);
  return out + "\nExample: " + std::string(command.example) + "\n" + std::string(kEndings);
}

std::string overview() {
  std::string out = "Usage: covey COMMAND …\n\n";
  for (const Command& command : all_commands()) {
    std::string left = full_name(command) + " " + std::string(command.words);
    left = shell::padded(left + "  ", 40, false);
    out += "  " + left + std::string(command.summary) + "\n";
  }
  for (const Program& program : other_programs()) {
    std::string left = "covey " + std::string(program.word) + " …";
    left = shell::padded(left + "  ", 40, false);
    out += "  " + left + std::string(program.summary) + "\n";
  }
  out += "\nEvery command has --help.\nExample: covey task submit digits.toml\n";
  return out + std::string(kEndings);
}

int fail(Context& context, const Error& error) {
  context.err << "covey: " << error.message << '\n';
  return status_of(error);
}

int usage_error(Context& context, const std::string& message) {
  context.err << "covey: " << message << "; see --help\n";
  return kBadUsage;
}

int run(std::span<const std::string> arguments, Context& context) {
  if (arguments.empty()) {
    context.err << overview();
    return kBadUsage;
  }
  if (arguments.front() == "--help" || arguments.front() == "help") {
    context.out << overview();
    return kOk;
  }
  if (arguments.front() == "--version") {
    context.out << "covey " << COVEY_VERSION << '\n';
    return kOk;
  }
  // --socket PATH and --format FORMAT may stand before the command, too.
  std::vector<std::string> words(arguments.begin(), arguments.end());
  auto first = words.begin();
  while (first != words.end() && first->starts_with("--")) {
    const bool is_whole = first->find('=') != first->npos;
    first += std::min<std::ptrdiff_t>(is_whole ? 1 : 2, words.end() - first);
  }
  if (first == words.end()) return usage_error(context, "a command is missing");
  std::rotate(words.begin(), first, words.end());
  return run_words(words, context);
}

}  // namespace covey::cli
