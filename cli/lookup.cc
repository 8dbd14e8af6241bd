#include "cli/lookup.h"

#include <charconv>

#include "covey/settings/nearest_name.h"

namespace covey::cli {
namespace {

using namespace coordinator;
constexpr std::size_t kPage = 200;

template <typename Record>
Result<Record> find_named(std::vector<Record> records, const std::string& name, const char* what) {
  std::vector<std::string_view> names;
  for (Record& record : records) {
    if (record.name == name) return std::move(record);
    names.push_back(record.name);
  }
  return Error{ErrorCode::kNotFound, std::string("there is no ") + what + " '" + name + "'" +
                                         settings::did_you_mean(name, names)};
}

}  // namespace

Result<TaskRecord> find_task(AdminClient& client, const std::string& name) {
  COVEY_ASSIGN_OR_RETURN(auto tasks, client.tasks());
  return find_named(std::move(tasks), name, "task");
}

Result<DeviceRecord> find_device(AdminClient& client, const std::string& name) {
  COVEY_ASSIGN_OR_RETURN(auto devices, client.devices());
  return find_named(std::move(devices), name, "device");
}

Result<ModelRecord> find_model(AdminClient& client, const std::string& task,
                               std::uint64_t version) {
  if (version == 0) {
    COVEY_ASSIGN_OR_RETURN(const TaskRecord record, find_task(client, task));
    version = record.current_version;
  }
  COVEY_ASSIGN_OR_RETURN(const auto models, client.models(task));
  for (const ModelRecord& model : models) {
    if (model.version == version) return model;
  }
  return Error{ErrorCode::kNotFound, "task '" + task + "' has no model of version " +
                                         std::to_string(version) + ": see covey model list " +
                                         task};
}

Result<std::vector<RoundRecord>> rounds_from(AdminClient& client, const std::string& task,
                                             std::uint64_t from) {
  std::vector<RoundRecord> rounds;
  while (true) {
    COVEY_ASSIGN_OR_RETURN(auto page, client.rounds(task, from, kPage));
    for (RoundRecord& round : page) rounds.push_back(std::move(round));
    if (page.size() < kPage) return rounds;
    from = rounds.back().number + 1;
  }
}

Result<std::uint64_t> number_in(const std::string& text, const char* what) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return invalid_argument(std::string(what) + " is a whole number, not '" + text + "'");
}

}  // namespace covey::cli
