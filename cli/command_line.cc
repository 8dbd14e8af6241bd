#include "cli/command_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "cli/exit_status.h"
#include "cli/programs.h"
#include "cli/table.h"
#include "covey/settings/nearest_name.h"

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

const Option* find_option(const Command& command, std::string_view name) {
  for (const Option& option : command.options) {
    if (option.name == name) return &option;
  }
  for (const Option& option : kCommon) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

Error unknown_option(const Command& command, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Option& option : command.options) names.push_back(option.name);
  for (const Option& option : kCommon) names.push_back(option.name);
  return invalid_argument(full_name(command) + " has no option --" + std::string(name) +
                          settings::did_you_mean(name, names));
}

// How many words stand in "TASK [VERSION]" or "NAME TAG…".
struct WordCount {
  std::size_t least = 0;
  std::size_t most = 0;
};
WordCount count_words(std::string_view words) {
  WordCount count;
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, space);
    words.remove_prefix(std::min(space + 1, words.size()));
    const bool is_many = word.ends_with("…");
    if (!word.starts_with('[') && !is_many) ++count.least;
    count.most = is_many ? 1000 : count.most + 1;
  }
  return count;
}

Status check_words(const Command& command, const Invocation& invocation) {
  const WordCount count = count_words(command.words);
  const std::size_t found = invocation.words.size();
  const std::string usage = full_name(command) + " " + std::string(command.words);
  if (found < count.least) return invalid_argument("something is missing: " + usage);
  if (found > count.most) {
    return invalid_argument("unexpected '" + invocation.words[count.most] + "': " + usage);
  }
  const std::string format = invocation.value("format", "text");
  if (format != "text" && format != "json") {
    return invalid_argument("--format is text or json, not '" + format + "'");
  }
  return {};
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

void print_options(std::string& out, std::span<const Option> options) {
  for (const Option& option : options) {
    std::string left = "  --" + std::string(option.name);
    if (!option.value.empty()) left += " " + std::string(option.value);
    left = padded(left + "  ", 22, false);
    out += left + std::string(option.help) + "\n";
  }
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
    left = padded(left + "  ", 28, false);
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

std::string Invocation::value(std::string_view option, std::string_view fallback) const {
  const auto found = options.find(option);
  return found == options.end() ? std::string(fallback) : found->second;
}

Result<std::uint64_t> Invocation::number(std::string_view option, std::uint64_t fallback,
                                         std::uint64_t low, std::uint64_t high) const {
  if (!has(option)) return fallback;
  const std::string text = value(option);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= low && number <= high) {
    return number;
  }
  return invalid_argument("--" + std::string(option) + " is a whole number of at least " +
                          std::to_string(low) + ", not '" + text + "'");
}

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
  Invocation invocation;
  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (only_words || !argument.starts_with("--")) {
      invocation.words.push_back(argument);
      continue;
    }
    only_words = argument == "--";
    if (only_words) continue;
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
    const Option* option = find_option(command, name);
    if (option == nullptr) return unknown_option(command, name);
    if (invocation.has(name)) return invalid_argument("--" + name + " is given twice");
    const bool is_switch = option->value.empty();
    if (is_switch && equals != argument.npos) {
      return invalid_argument("--" + name + " takes no value");
    }
    if (!is_switch && equals == argument.npos && i + 1 == arguments.size()) {
      return invalid_argument("--" + name + " needs a value: --" + name + " " +
                              std::string(option->value));
    }
    std::string value;
    if (!is_switch) value = equals != argument.npos ? argument.substr(equals + 1) : arguments[++i];
    invocation.options.emplace(name, value);
  }
  if (!invocation.has("help")) COVEY_RETURN_IF_ERROR(check_words(command, invocation));
  return invocation;
}

std::string help_of(const Command& command) {
  std::string out = "Usage: " + full_name(command);
  if (!command.words.empty()) out += " " + std::string(command.words);
  out += " [options]\n\n" + std::string(command.summary) + "\n\n";
  print_options(out, command.options);
  print_options(out, kCommon);
  return out + "\nExample: " + std::string(command.example) + "\n" + std::string(kEndings);
}

std::string overview() {
  std::string out = "Usage: covey COMMAND …\n\n";
  for (const Command& command : all_commands()) {
    std::string left = full_name(command) + " " + std::string(command.words);
    left = padded(left + "  ", 40, false);
    out += "  " + left + std::string(command.summary) + "\n";
  }
  for (const Program& program : other_programs()) {
    std::string left = "covey " + std::string(program.word) + " …";
    left = padded(left + "  ", 40, false);
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
