#include <tuple>

#include "covey/coordinator/admin_client.h"
#include "covey/crypto/digest.h"
#include "grpc/grpc_world.h"
#include "support/catch.h"

using namespace covey;
using namespace covey::coordinator;
using namespace covey::testing;

namespace {

auto tied(const FederationStatus& s) {
  return std::tie(s.version, s.started_at, s.now, s.is_draining, s.running_tasks, s.open_rounds,
                  s.devices_known, s.devices_recent, s.calls_held, s.bytes_in_flight,
                  s.disk_free_bytes);
}
auto tied(const TaskRecord& t) {
  return std::tie(t.name, t.state, t.file, t.next_round, t.current_version, t.strategy_state,
                  t.note, t.created_at);
}
auto tied(const ModelRecord& m) {
  return std::tie(m.task, m.version, m.parent, m.round, m.plan, m.digest, m.size_bytes,
                  m.participants, m.metrics, m.created_at, m.is_pruned);
}
auto tied(const RoundRecord& r) {
  return std::tie(r.task, r.number, r.state, r.phase, r.outcome, r.plan, r.model, r.base_version,
                  r.new_version, r.assigned, r.cohort, r.survivors, r.dropped, r.recovered,
                  r.bytes_up, r.bytes_down, r.metrics, r.started_at, r.ended_at);
}
auto tied(const DeviceRecord& d) {
  return std::tie(d.handle, d.name, d.key, d.tags, d.properties, d.is_revoked, d.revoked_reason,
                  d.rounds, d.first_seen_at, d.last_seen_at);
}
auto tied(const LogLine& l) { return std::tie(l.sequence, l.at, l.level, l.text); }
auto tied(const AuditEntry& a) {
  return std::tie(a.sequence, a.at, a.kind, a.body, a.previous, a.hash, a.signature);
}

template <typename T>
bool same(const T& a, const T& b) {
  return tied(a) == tied(b);
}
template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(a, b, [](const T& x, const T& y) { return same(x, y); });
}

RoundRecord some_round(std::uint64_t number) {
  return {.task = "digits",
          .number = number,
          .state = RoundState::kAborted,
          .phase = "masking",
          .outcome = "too few devices",
          .plan = {1},
          .model = {2},
          .base_version = 3,
          .new_version = number == 1 ? std::nullopt : std::optional(number),
          .assigned = 4,
          .cohort = 5,
          .survivors = 6,
          .dropped = 7,
          .recovered = 8,
          .bytes_up = 9,
          .bytes_down = 10,
          .metrics = {{"loss", 0.5}, {"accuracy", 0.25}},
          .started_at = 11,
          .ended_at = 12,
          .saved = {1, 2, 3}};
}

ModelRecord some_model(std::uint64_t version) {
  return {.task = "digits",
          .version = version,
          .parent = version == 1 ? std::nullopt : std::optional(version - 1),
          .round = 2,
          .plan = {3},
          .digest = {4},
          .size_bytes = 5,
          .participants = 6,
          .metrics = {{"loss", -1.0}},
          .created_at = 7,
          .is_pruned = version == 1};
}

// Every field of every record differs from what it is by default.
struct AdminWorld : GrpcWorld {
  std::unique_ptr<AdminClient> client = connect_admin(socket).value();

  AdminWorld() {
    admin.federation_status = {.version = "1.2.3",
                               .started_at = 1,
                               .now = 2,
                               .is_draining = true,
                               .running_tasks = 3,
                               .open_rounds = 4,
                               .devices_known = 5,
                               .devices_recent = 6,
                               .calls_held = 7,
                               .bytes_in_flight = 8,
                               .disk_free_bytes = 9};
    const auto task = [](const char* name, TaskState state) {
      return TaskRecord{.name = name,
                        .state = state,
                        .file = "[task]\nname = \"é\"",
                        .next_round = 2,
                        .current_version = 3,
                        .strategy_state = {4},
                        .note = "why",
                        .created_at = 5};
    };
    admin.task_records = {task("digits", TaskState::kPaused), task("other", TaskState::kFailed)};
    admin.round_records = {some_round(1), some_round(2)};
    admin.round_details = {.round = some_round(3), .survivors = {"a", "b"}, .dropped = {"c"}};
    admin.model_records = {some_model(1), some_model(2)};
    admin.device_records = {{.handle = 1,
                             .name = "device-1",
                             .key = {2},
                             .tags = {"lab", "old"},
                             .properties = {{"os", "linux"}},
                             .is_revoked = true,
                             .revoked_reason = "stolen",
                             .rounds = 3,
                             .first_seen_at = 4,
                             .last_seen_at = 5}};
    admin.log_lines = {{.sequence = 1, .at = 2, .level = "info", .text = "started"}};
    admin.audit_entries = {{.sequence = 1,
                            .at = 2,
                            .kind = "round completed",
                            .body = "{}",
                            .previous = {3},
                            .hash = {4},
                            .signature = {5}}};
    admin.key = {6};
  }
};

TEST_CASE("what an operator asks arrives, and the records come back whole", "[grpc]") {
  AdminWorld world;
  AdminClient& client = *world.client;
  FakeAdminApi& admin = world.admin;
  const Digest model{7};

  CHECK(same(client.status().value(), admin.federation_status));
  CHECK(same(client.submit_task("[task]", model).value(), admin.task_records[0]));
  CHECK(admin.asked == "submit_task [task] " + to_hex(model));
  CHECK(same(client.tasks().value(), admin.task_records));
  CHECK(same(client.act_on_task("digits", TaskAction::kStop).value(), admin.task_records[0]));
  CHECK(admin.asked == "act_on_task digits 3");
  CHECK(same(client.rounds("digits", 4, 5).value(), admin.round_records));
  CHECK(admin.asked == "rounds digits 4 5");
  const RoundDetails details = client.round("digits", 3).value();
  CHECK(same(details.round, admin.round_details.round));
  CHECK(details.round.saved.empty());  // is the coordinator's own
  CHECK(details.survivors == admin.round_details.survivors);
  CHECK(details.dropped == admin.round_details.dropped);
  CHECK(admin.asked == "round digits 3");
  CHECK(same(client.models("digits").value(), admin.model_records));
  CHECK(admin.asked == "models digits");
  CHECK(same(client.set_current_model("digits", 2, true).value(), admin.task_records[0]));
  CHECK(admin.asked == "set_current_model digits 2 1");
  CHECK(same(client.prune_models("digits", 3).value(), admin.model_records));
  CHECK(admin.asked == "prune_models digits 3");
  CHECK(same(client.devices().value(), admin.device_records));
  CHECK(same(client.revoke_device("device-1", "stolen").value(), admin.device_records[0]));
  CHECK(admin.asked == "revoke_device device-1 stolen");
  CHECK(same(client.tag_device("device-1", {"lab", "new"}).value(), admin.device_records[0]));
  CHECK(admin.asked == "tag_device device-1 lab new");
  CHECK(same(client.log(8, 9).value(), admin.log_lines));
  CHECK(admin.asked == "log 8 9");
  CHECK(same(client.audit(1, 2).value(), admin.audit_entries));
  CHECK(admin.asked == "audit 1 2");
  CHECK(client.audit_key().value() == admin.key);
}

TEST_CASE("a list may be larger than a message", "[grpc]") {
  AdminWorld world;
  world.admin.task_records.assign(40, world.admin.task_records[0]);
  for (TaskRecord& task : world.admin.task_records) task.file = std::string(100'000, '#');
  CHECK(same(world.client->tasks().value(), world.admin.task_records));
  world.admin.task_records.clear();
  CHECK(world.client->tasks().value().empty());
}

TEST_CASE("a model is downloaded part by part", "[grpc]") {
  AdminWorld world;
  world.admin.model = some_bytes(2 * federation::kPartBytes + 1);
  Bytes got;
  CHECK(world.client
            ->download_model("digits", 0,
                             [&](ByteView part, std::uint64_t size_bytes) -> Status {
                               CHECK(size_bytes == world.admin.model.size());
                               got.insert(got.end(), part.begin(), part.end());
                               return {};
                             })
            .has_value());
  CHECK(got == world.admin.model);
  CHECK(world.admin.asked == "open_model digits 0");
  const auto full = [](ByteView, std::uint64_t) -> Status {
    return Error{ErrorCode::kResourceExhausted, "the disk is full"};
  };
  CHECK(world.client->download_model("digits", 0, full).error().message == "the disk is full");
}

TEST_CASE("a blob is uploaded part by part, or not at all", "[grpc]") {
  AdminWorld world;
  const Bytes blob = some_bytes(2 * federation::kPartBytes + 1);
  std::size_t offset = 0;
  const auto next = [&]() -> Result<Bytes> {
    const ByteView rest = ByteView(blob).subspan(offset);
    const ByteView part = rest.first(std::min(rest.size(), federation::kPartBytes));
    offset += part.size();
    return to_bytes(part);
  };
  const Digest digest = world.client->upload_blob(next).value();
  CHECK(digest == crypto::sha256(blob));
  CHECK(world.admin.blobs.at(digest) == blob);

  offset = 0;
  const auto broken = [&]() -> Result<Bytes> {
    if (offset > 0) return Error{ErrorCode::kDataLoss, "the file is damaged"};
    return next();
  };
  CHECK(world.client->upload_blob(broken).error().message == "the file is damaged");
  world.server->stop(std::chrono::milliseconds(0));  // until the call is done on the other side
  CHECK(world.admin.blobs.size() == 1);
}

TEST_CASE("an operator is told exactly what is wrong", "[grpc]") {
  AdminWorld world;
  const Bytes one_byte(1);
  for (const ErrorCode code :
       {ErrorCode::kInvalidArgument, ErrorCode::kInternal, ErrorCode::kDataLoss}) {
    world.admin.failure = Error{code, "line 3, column 7:\nexpected a number, found \"é\""};
    const auto is_told = [&](const Error& error) {
      return error.code == code && error.message == world.admin.failure->message;
    };
    CHECK(is_told(world.client->submit_task("", {}).error()));
    CHECK(is_told(world.client->tasks().error()));
    CHECK(is_told(
        world.client->download_model("", 1, [](ByteView, auto) { return Status(); }).error()));
    CHECK(is_told(world.client->upload_blob([&] { return Result<Bytes>(one_byte); }).error()));
  }
}

TEST_CASE("a message that is too large is refused", "[grpc]") {
  AdminWorld world;
  CHECK(world.client->submit_task(std::string(std::size_t{3} << 20, '#'), {}).error().code ==
        ErrorCode::kResourceExhausted);
  CHECK(world.admin.asked.empty());
}

TEST_CASE("when no daemon listens, an operator is told what to do", "[grpc]") {
  AdminWorld world;
  CHECK(connect_admin(world.folder.path() + "/nowhere").error().code == ErrorCode::kUnavailable);
  world.server.reset();
  const Error error = world.client->status().error();
  CHECK(error.code == ErrorCode::kUnavailable);
  CHECK(error.message.find("start covey-coordinator") != std::string::npos);
  CHECK(connect_admin(world.socket).error().message == error.message);
  CHECK(connect_admin("").error().code == ErrorCode::kInvalidArgument);
}

}  // namespace
