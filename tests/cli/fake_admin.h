#pragma once

#include <algorithm>
#include <sstream>

#include "cli/command_line.h"
#include "cli/exit_status.h"
#include "covey/crypto/digest.h"

namespace covey::cli::testing {

using namespace coordinator;

// What a coordinator would hold, in plain lists.
struct FakeWorld {
  bool is_up = true;
  FederationStatus status;
  std::vector<TaskRecord> tasks;
  std::vector<RoundRecord> rounds;
  std::vector<ModelRecord> models;
  std::vector<DeviceRecord> devices;
  std::vector<AuditEntry> audit;
  std::vector<LogLine> log;
  std::function<Status()> on_log;  // before each answer of log
  crypto::SigningPublicKey key{};
  Bytes blob;      // that is downloaded
  Bytes uploaded;  // what came by upload_blob
  std::string submitted;
  std::vector<TaskAction> actions;
};

class FakeAdmin final : public AdminClient {
 public:
  explicit FakeAdmin(FakeWorld& world) : world_(world) {}

  Result<FederationStatus> status() override { return answer(world_.status); }
  Result<TaskRecord> submit_task(const std::string& file, const Digest& model) override {
    if (model != crypto::sha256(world_.uploaded)) return invalid_argument("another model");
    world_.submitted = file;
    return answer(TaskRecord{"digits", TaskState::kRunning, file, 1, 1, {}, "", false, 1});
  }
  Result<std::vector<TaskRecord>> tasks() override { return answer(world_.tasks); }
  Result<TaskRecord> act_on_task(const std::string& task, TaskAction action) override {
    world_.actions.push_back(action);
    for (const TaskRecord& record : world_.tasks) {
      if (record.name == task) return answer(record);
    }
    return Error{ErrorCode::kNotFound, "no such task"};
  }
  Result<std::vector<RoundRecord>> rounds(const std::string&, std::uint64_t from,
                                          std::size_t limit) override {
    std::vector<RoundRecord> page;
    for (const RoundRecord& round : world_.rounds) {
      if (round.number >= from && page.size() < limit) page.push_back(round);
    }
    return answer(page);
  }
  Result<RoundDetails> round(const std::string&, std::uint64_t number) override {
    for (const RoundRecord& round : world_.rounds) {
      if (round.number == number) return answer(RoundDetails{round, {"a"}, {"b"}});
    }
    return Error{ErrorCode::kNotFound, "no such round"};
  }
  Result<std::vector<ModelRecord>> models(const std::string&) override {
    return answer(world_.models);
  }
  Result<TaskRecord> set_current_model(const std::string&, std::uint64_t version,
                                       bool is_rollback) override {
    TaskRecord task = world_.tasks.front();
    task.current_version = is_rollback && version == 0 ? task.current_version - 1 : version;
    return answer(task);
  }
  Result<std::vector<ModelRecord>> prune_models(const std::string&, std::size_t) override {
    return answer(world_.models);
  }
  Status download_model(const std::string&, std::uint64_t, const Sink& sink) override {
    const ByteView all = world_.blob;
    for (std::size_t at = 0; at < all.size(); at += 3) {
      const ByteView part = all.subspan(at, std::min<std::size_t>(3, all.size() - at));
      COVEY_RETURN_IF_ERROR(sink(part, all.size()));
    }
    return {};
  }
  Result<Digest> upload_blob(const Source& next) override {
    while (true) {
      COVEY_ASSIGN_OR_RETURN(const Bytes part, next());
      if (part.empty()) return crypto::sha256(world_.uploaded);
      world_.uploaded.insert(world_.uploaded.end(), part.begin(), part.end());
    }
  }
  Result<std::vector<DeviceRecord>> devices() override { return answer(world_.devices); }
  Result<DeviceRecord> revoke_device(const std::string& name, const std::string& reason) override {
    DeviceRecord device;
    device.name = name;
    device.is_revoked = true;
    device.revoked_reason = reason;
    return answer(device);
  }
  Result<DeviceRecord> tag_device(const std::string& name,
                                  const std::vector<std::string>& tags) override {
    DeviceRecord device;
    device.name = name;
    device.tags = tags;
    return answer(device);
  }
  Result<std::vector<LogLine>> log(std::uint64_t after, std::size_t) override {
    if (world_.on_log) COVEY_RETURN_IF_ERROR(world_.on_log());
    std::vector<LogLine> lines;
    for (const LogLine& line : world_.log) {
      if (line.sequence > after) lines.push_back(line);
    }
    return answer(lines);
  }
  Result<std::vector<AuditEntry>> audit(std::uint64_t from, std::size_t limit) override {
    std::vector<AuditEntry> page;
    for (const AuditEntry& entry : world_.audit) {
      if (entry.sequence >= from && page.size() < limit) page.push_back(entry);
    }
    return answer(page);
  }
  Result<crypto::SigningPublicKey> audit_key() override { return answer(world_.key); }

 private:
  template <typename T>
  Result<T> answer(T value) {
    if (!world_.is_up) return Error{ErrorCode::kUnavailable, "nobody listens"};
    return value;
  }
  FakeWorld& world_;
};

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs a command line against the world. `on_sleep` is what happens while the command waits.
inline Ran run_line(FakeWorld& world, std::vector<std::string> arguments,
                    const std::function<void()>& on_sleep = {}, bool is_terminal = false) {
  std::ostringstream out;
  std::ostringstream err;
  std::chrono::milliseconds now{0};
  Context context{out,
                  err,
                  is_terminal,
                  [&](const std::string&) -> Result<std::unique_ptr<AdminClient>> {
                    if (!world.is_up) return Error{ErrorCode::kUnavailable, "nobody listens"};
                    return std::unique_ptr<AdminClient>(std::make_unique<FakeAdmin>(world));
                  },
                  [&] { return now; },
                  [&](std::chrono::milliseconds time) {
                    now += time;
                    if (on_sleep) on_sleep();
                  }};
  const int status = run(arguments, context);
  return {status, out.str(), err.str()};
}

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace covey::cli::testing
