#include "cli/task_submit.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/exit_status.h"
#include "cli/format.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/coordinator/task_file.h"
#include "covey/shell/files.h"

namespace covey::cli {
namespace {

using namespace coordinator;

constexpr std::size_t kMaxTaskFileBytes = std::size_t{1} << 20;
constexpr std::size_t kPartBytes = std::size_t{1} << 20;

Error in_file(const std::string& path, const Error& error) {
  return {error.code, path + ":" + error.message};
}

// What the daemon would find wrong is found here, before anything is uploaded.
Status check_model(const TaskSpec& spec, ByteView file) {
  COVEY_ASSIGN_OR_RETURN(const ring::Manifest manifest,
                         model::read_manifest(file, [&](std::string_view name, ring::DType dtype) {
                           return spec.role_of(name, dtype);
                         }));
  const auto plan = spec.plan_for(manifest, 1);
  if (!plan) return plan.error();
  return {};
}

Result<Digest> upload(AdminClient& client, ByteView file, Context& context) {
  std::size_t sent = 0;
  const auto next = [&]() -> Result<Bytes> {
    const ByteView part = file.subspan(sent, std::min(kPartBytes, file.size() - sent));
    sent += part.size();
    if (context.is_terminal) {
      context.err << "\r\033[KUploading the initial model: " << text_of_bytes(sent) << " of "
                  << text_of_bytes(file.size()) << std::flush;
    }
    return to_bytes(part);
  };
  Result<Digest> digest = client.upload_blob(next);
  if (context.is_terminal) context.err << "\r\033[K" << std::flush;
  return digest;
}

}  // namespace

int submit_task(const Invocation& invocation, Context& context) {
  const std::string& path = invocation.words[0];
  COVEY_CLI_ASSIGN(const std::string text, shell::read_text_file(path, kMaxTaskFileBytes));
  const auto spec = parse_task_file(text);
  if (!spec) return fail(context, in_file(path, spec.error()));
  const std::string model_path =
      (std::filesystem::path(path).parent_path() / spec->initial_model).string();
  COVEY_CLI_ASSIGN(const shell::MappedFile model, shell::MappedFile::open(model_path));
  const Status checked = check_model(*spec, model.bytes());
  if (!checked)
    return fail(context,
                in_file(model_path, {checked.error().code, " " + checked.error().message}));
  if (invocation.has("check")) {
    context.out << "Task " << spec->name << " and its initial model are sound.\n";
    return kOk;
  }
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const Digest digest, upload(*client, model.bytes(), context));
  COVEY_CLI_ASSIGN(const TaskRecord task, client->submit_task(text, digest));
  if (invocation.is_json()) {
    context.out << dump(json_of(task)) << '\n';
  } else {
    context.out << "Task " << task.name << " is " << name_of(task.state)
                << ". Watch it: covey round watch " << task.name << '\n';
  }
  return kOk;
}

}  // namespace covey::cli
