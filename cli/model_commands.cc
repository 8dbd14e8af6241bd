#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/lookup.h"
#include "covey/crypto/digest.h"
#include "covey/shell/files.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

using namespace coordinator;
constexpr std::uint64_t kAnyVersion = ~std::uint64_t{0} >> 1;

int list_models(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord task, find_task(*client, invocation.words[0]));
  COVEY_CLI_ASSIGN(const auto models, client->models(task.name));
  if (invocation.is_json()) {
    context.out << dump(json_list(models)) << '\n';
    return kOk;
  }
  Table table({{""},
               {"VERSION", Align::kRight},
               {"PARENT", Align::kRight},
               {"ROUND", Align::kRight},
               {"DEVICES", Align::kRight},
               {"LOSS", Align::kRight},
               {"ACCURACY", Align::kRight},
               {"SIZE", Align::kRight},
               {"MADE"},
               {"SHA-256"}});
  for (const ModelRecord& model : models) {
    table.add({model.version == task.current_version ? "*" : "", std::to_string(model.version),
               model.parent ? std::to_string(*model.parent) : "-",
               model.round == 0 ? "-" : std::to_string(model.round),
               model.round == 0 ? "-" : std::to_string(model.participants),
               text_of_metric(model.metrics, "loss"), text_of_metric(model.metrics, "accuracy"),
               model.is_pruned ? "pruned" : text_of_bytes(model.size_bytes),
               text_of_time(model.created_at), to_hex(model.digest).substr(0, 12)});
  }
  table.print(context.out);
  return kOk;
}

int show_model(const Invocation& invocation, Context& context) {
  const auto version = invocation.number("version", 0, 1, kAnyVersion);
  if (!version) return usage_error(context, version.error().message);
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const ModelRecord model, find_model(*client, invocation.words[0], *version));
  if (invocation.is_json()) {
    context.out << dump(json_of(model)) << '\n';
    return kOk;
  }
  Facts facts = {
      {"version", std::to_string(model.version) + " of task " + model.task},
      {"parent", model.parent ? "v" + std::to_string(*model.parent) : "none: as submitted"},
      {"made", text_of_time(model.created_at)},
      {"size", model.is_pruned ? "pruned" : text_of_bytes(model.size_bytes)},
      {"SHA-256", to_hex(model.digest)}};
  if (model.round != 0) {
    facts.emplace_back("round", std::to_string(model.round));
    facts.emplace_back("devices in the sum", std::to_string(model.participants));
    facts.emplace_back("plan", to_hex(model.plan));
  }
  for (const auto& [name, value] : model.metrics) {
    facts.emplace_back(name, text_of_number(value, 6));
  }
  print_facts(context.out, facts);
  return kOk;
}

// Under its name only when it is whole and what the record says.
Status download(AdminClient& client, const ModelRecord& model, const std::string& path,
                Context& context) {
  COVEY_ASSIGN_OR_RETURN(shell::AtomicFile file, shell::AtomicFile::create(path));
  crypto::Sha256 hash;
  std::uint64_t received = 0;
  const Status status = client.download_model(
      model.task, model.version, [&](ByteView part, std::uint64_t size_bytes) -> Status {
        hash.add(part);
        received += part.size();
        if (context.is_terminal) {
          context.err << "\r\033[KDownloading: " << text_of_bytes(received) << " of "
                      << text_of_bytes(size_bytes) << std::flush;
        }
        return file.append(part);
      });
  if (context.is_terminal) context.err << "\r\033[K" << std::flush;
  COVEY_RETURN_IF_ERROR(status);
  if (received != model.size_bytes || hash.digest() != model.digest) {
    return Error{ErrorCode::kDataLoss,
                 "what came is not the model of the record: " + std::to_string(received) +
                     " bytes of " + std::to_string(model.size_bytes) + ", SHA-256 " +
                     to_hex(hash.digest()) + ", expected " + to_hex(model.digest)};
  }
  return file.finish();
}

int get_model(const Invocation& invocation, Context& context) {
  if (!invocation.has("out")) return usage_error(context, "--out FILE is missing");
  const auto version = invocation.number("version", 0, 1, kAnyVersion);
  if (!version) return usage_error(context, version.error().message);
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const ModelRecord model, find_model(*client, invocation.words[0], *version));
  if (model.is_pruned) {
    return fail(context, {ErrorCode::kNotFound, "version " + std::to_string(model.version) +
                                                    " was pruned: only its record is left"});
  }
  const std::string path = invocation.value("out");
  const Status status = download(*client, model, path, context);
  if (!status) return fail(context, status.error());
  if (invocation.is_json()) {
    context.out << dump(json_of(model)) << '\n';
  } else {
    context.out << path << ": version " << model.version << ", " << text_of_bytes(model.size_bytes)
                << ", SHA-256 " << to_hex(model.digest) << '\n';
  }
  return kOk;
}

int set_current(const Invocation& invocation, Context& context, bool is_rollback) {
  std::uint64_t version = 0;  // for a roll-back: the parent
  if (invocation.words.size() > 1) {
    const auto number = number_in(invocation.words[1], "VERSION");
    if (!number) return usage_error(context, number.error().message);
    version = *number;
  }
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord known, find_task(*client, invocation.words[0]));
  COVEY_CLI_ASSIGN(const TaskRecord task,
                   client->set_current_model(known.name, version, is_rollback));
  if (invocation.is_json()) {
    context.out << dump(json_of(task)) << '\n';
  } else {
    context.out << "Task " << task.name << " goes on from version " << task.current_version
                << ", after version " << known.current_version << ".\n";
  }
  return kOk;
}

int promote(const Invocation& invocation, Context& context) {
  return set_current(invocation, context, false);
}
int roll_back(const Invocation& invocation, Context& context) {
  return set_current(invocation, context, true);
}

int prune(const Invocation& invocation, Context& context) {
  if (!invocation.has("keep")) return usage_error(context, "--keep N is missing");
  const auto keep = invocation.number("keep", 0, 1, 1'000'000'000);
  if (!keep) return usage_error(context, keep.error().message);
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord task, find_task(*client, invocation.words[0]));
  COVEY_CLI_ASSIGN(const auto pruned, client->prune_models(task.name, *keep));
  if (invocation.is_json()) {
    context.out << dump(json_list(pruned)) << '\n';
    return kOk;
  }
  std::uint64_t freed_bytes = 0;
  for (const ModelRecord& model : pruned) freed_bytes += model.size_bytes;
  context.out << pruned.size() << (pruned.size() == 1 ? " version" : " versions") << " pruned, "
              << text_of_bytes(freed_bytes) << "; the records stay.\n";
  return kOk;
}

}  // namespace

std::vector<Command> model_commands() {
  const Option version = {"version", "N", "which version (default: the current one)"};
  return {
      {"model",
       "list",
       "TASK",
       "all versions of a task's model; * marks the current one",
       {},
       "covey model list digits",
       list_models},
      {"model",
       "show",
       "TASK",
       "one version",
       {version},
       "covey model show digits --version 12",
       show_model},
      {"model",
       "get",
       "TASK",
       "fetch a version as safetensors, checked against its SHA-256",
       {version, {"out", "FILE", "the file to write"}},
       "covey model get digits --out digits.safetensors",
       get_model},
      {"model",
       "promote",
       "TASK VERSION",
       "go on from a later version; a running round is aborted",
       {},
       "covey model promote digits 14",
       promote},
      {"model",
       "rollback",
       "TASK [VERSION]",
       "go on from an earlier version (default: the current one's parent)",
       {},
       "covey model rollback digits",
       roll_back},
      {"model",
       "prune",
       "TASK",
       "remove the files of old versions; the records stay",
       {{"keep", "N", "how many of the latest to keep"}},
       "covey model prune digits --keep 20",
       prune},
  };
}

}  // namespace covey::cli
