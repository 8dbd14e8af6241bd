#include "cli/command_line.h"

#include "cli/fake_admin.h"
#include "cli/programs.h"
#include "support/catch.h"

namespace covey::cli::testing {

TEST_CASE("every command explains itself with an example and the exit statuses", "[cli]") {
  FakeWorld world;
  for (const Command& command : all_commands()) {
    std::vector<std::string> line;
    if (!command.group.empty()) line.emplace_back(command.group);
    line.emplace_back(command.name);
    line.emplace_back("--help");
    const Ran ran = run_line(world, line);
    INFO(command.group << " " << command.name);
    CHECK(ran.status == kOk);
    CHECK(has(ran.out, "Example: "));
    CHECK(has(ran.out, "Exit status: 0 done"));
    CHECK(has(ran.out, "--socket PATH"));
    CHECK(ran.err.empty());
  }
}

TEST_CASE("every example is a command line that is understood", "[cli]") {
  for (const Command& command : all_commands()) {
    std::istringstream words{std::string(command.example)};
    std::vector<std::string> line;
    for (std::string word; words >> word;) line.push_back(word);
    INFO(command.example);
    if (line.front() != "covey") continue;  // of the shell
    line.erase(line.begin(), line.begin() + (command.group.empty() ? 2 : 3));
    CHECK(parse(command, line).has_value());
  }
}

TEST_CASE("the overview names every command and every program", "[cli]") {
  FakeWorld world;
  const Ran ran = run_line(world, {"--help"});
  CHECK(ran.status == kOk);
  for (const Command& command : all_commands()) CHECK(has(ran.out, command.summary));
  for (const Program& program : other_programs()) CHECK(has(ran.out, program.summary));
  CHECK(run_line(world, {}).status == kBadUsage);
  CHECK(has(run_line(world, {"--version"}).out, "covey "));
  CHECK(has(run_line(world, {"task", "--help"}).out, "submit FILE"));
}

TEST_CASE("a wrong command line is told what is wrong, and ends with 2", "[cli]") {
  struct Case {
    std::vector<std::string> line;
    const char* says;
  };
  const std::vector<Case> cases = {
      {{"taks", "list"}, "did you mean 'task'?"},
      {{"task", "lst"}, "did you mean 'list'?"},
      {{"task", "fly"}, "known: submit, list"},
      {{"task"}, "needs a command after it"},
      {{"zzz"}, "known: status, log"},
      {{"task", "show"}, "something is missing: covey task show TASK"},
      {{"task", "list", "x"}, "unexpected 'x'"},
      {{"task", "list", "--formt", "json"}, "did you mean 'format'?"},
      {{"task", "list", "--format", "xml"}, "--format is text or json, not 'xml'"},
      {{"task", "list", "--format"}, "--format needs a value: --format FORMAT"},
      {{"task", "list", "--socket=a", "--socket=b"}, "--socket is given twice"},
      {{"log", "--follow=yes"}, "--follow takes no value"},
      {{"round", "list", "digits", "--last", "0"}, "whole number of at least 1"},
      {{"round", "show", "digits", "x"}, "ROUND is a whole number, not 'x'"},
      {{"model", "prune", "digits"}, "--keep N is missing"},
      {{"model", "get", "digits"}, "--out FILE is missing"},
      {{"round", "plot", "digits"}, "--out FILE.svg is missing"},
      {{"task", "wait", "digits", "--timeout", "10"}, "a time with its unit"},
      {{"completion", "fish"}, "bash only"},
      {{"--socket", "x"}, "a command is missing"},
  };
  for (const Case& c : cases) {
    FakeWorld world;
    world.tasks.emplace_back().name = "digits";
    const Ran ran = run_line(world, c.line);
    INFO(c.says << "\n" << ran.err);
    CHECK(ran.status == kBadUsage);
    CHECK(has(ran.err, c.says));
    CHECK(has(ran.err, "--help"));
    CHECK(ran.out.empty());
  }
}

TEST_CASE("common options may stand before the command or after it", "[cli]") {
  FakeWorld world;
  world.status.version = "9.8";
  CHECK(has(run_line(world, {"--format", "json", "status"}).out, "\"version\": \"9.8\""));
  CHECK(has(run_line(world, {"--format=json", "status"}).out, "\"version\": \"9.8\""));
  CHECK(has(run_line(world, {"status", "--format=json"}).out, "\"version\": \"9.8\""));
}

TEST_CASE("words that look like options stand behind two dashes", "[cli]") {
  FakeWorld world;
  const Ran ran = run_line(world, {"device", "revoke", "--", "--odd"});
  CHECK(ran.status == kOk);
  CHECK(has(ran.out, "--odd"));
}

TEST_CASE("where no coordinator answers, every command that needs one ends with 3", "[cli]") {
  for (const Command& command : all_commands()) {
    if (command.name == "completion" || command.name == "submit") continue;
    FakeWorld world;
    world.is_up = false;
    std::istringstream words{std::string(command.example)};
    std::vector<std::string> line;
    for (std::string word; words >> word;) line.push_back(word);
    line.erase(line.begin());
    if (command.name == "verify") line = {"audit", "verify"};
    if (command.name == "revoke") line = {"device", "revoke", "phone-7"};
    INFO(command.example);
    const Ran ran = run_line(world, line);
    CHECK(ran.status == kNoDaemon);
    CHECK(has(ran.err, "nobody listens"));
  }
}

TEST_CASE("the completion knows every command and option", "[cli]") {
  FakeWorld world;
  const std::string script = run_line(world, {"completion", "bash"}).out;
  CHECK(has(script, "complete -o filenames -F _covey covey"));
  for (const Command& command : all_commands()) {
    CHECK(has(script, command.name));
    for (const Option& option : command.options)
      CHECK(has(script, "--" + std::string(option.name)));
  }
}

}  // namespace covey::cli::testing
