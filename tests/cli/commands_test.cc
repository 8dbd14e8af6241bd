#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/fake_admin.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/crypto/certificate.h"
#include "covey/crypto/pem.h"
#include "covey/crypto/random.h"
#include "support/catch.h"

namespace covey::cli::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kTaskFile = R"([task]
name = "digits"
rounds = 3
[model]
name = "cnn"
initial = "start.safetensors"
)";

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "covey-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(file(name), std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

TaskRecord task_in(TaskState state) {
  return {"digits", state, kTaskFile, 3, 2, {}, "", false, 1'700'000'000'000};
}

RoundRecord round_of(std::uint64_t number, RoundState state) {
  RoundRecord round;
  round.task = "digits";
  round.number = number;
  round.state = state;
  round.cohort = 10;
  round.dropped = 1;
  round.recovered = 1;
  round.bytes_up = 2'500'000;
  round.metrics = {{"accuracy", 0.5}, {"loss", 1.25}, {"train_loss", 1.5}};
  round.started_at = 1000;
  round.ended_at = state == RoundState::kOpen ? 0 : 4500;
  return round;
}

Bytes small_model() {
  auto manifest =
      ring::Manifest::create({{"fc.weight", ring::DType::kF32, {4, 3}, ring::Role::kTrain}});
  return model::write_model(model::Model::zeros(*std::move(manifest)));
}

std::vector<AuditEntry> signed_log(const crypto::SigningKeyPair& key, std::size_t count) {
  std::vector<AuditEntry> entries;
  Digest previous{};
  for (std::size_t i = 1; i <= count; ++i) {
    AuditEntry entry{i,  1000, i % 2 == 0 ? "round completed" : "task submitted", "{}", previous,
                     {}, {}};
    entry.hash = audit_hash(entry);
    entry.signature = key.sign(entry.hash);
    previous = entry.hash;
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace

TEST_CASE("a task is submitted with its model, byte for byte", "[cli]") {
  const Folder folder;
  FakeWorld world;
  const Bytes model = small_model();
  folder.write("digits.toml", kTaskFile);
  folder.write("start.safetensors", text_of(model));
  const Ran ran = run_line(world, {"task", "submit", folder.file("digits.toml")});
  INFO(ran.err);
  CHECK(ran.status == kOk);
  CHECK(world.submitted == kTaskFile);
  CHECK(world.uploaded == model);
  CHECK(has(ran.out, "covey round watch digits"));
  CHECK(ran.err.empty());  // no terminal, no progress
}

TEST_CASE("what is wrong with a task is found before anything is sent", "[cli]") {
  const Folder folder;
  FakeWorld world;
  world.is_up = false;  // and without a coordinator
  const auto submit = [&](const std::string& name) {
    return run_line(world, {"task", "submit", folder.file(name), "--check"});
  };
  CHECK(has(submit("none.toml").err, "none.toml"));
  folder.write("bad.toml", "[task]\nname = \"digits\"\nround = 3\n");
  const Ran bad = submit("bad.toml");
  CHECK(bad.status == kRefused);
  CHECK(has(bad.err, "bad.toml:3:1: the key 'task.round' is not known; did you mean 'rounds'?"));
  folder.write("digits.toml", kTaskFile);
  CHECK(has(submit("digits.toml").err, "start.safetensors"));
  folder.write("start.safetensors", "not a model");
  CHECK(submit("digits.toml").status == kRefused);
  folder.write("start.safetensors", text_of(small_model()));
  CHECK(submit("digits.toml").status == kOk);
  CHECK(world.uploaded.empty());
}

TEST_CASE("waiting for a task ends as the task does", "[cli]") {
  const std::vector<std::string> line = {"task", "wait", "digits", "--timeout", "10s"};
  FakeWorld world;
  world.tasks = {task_in(TaskState::kRunning)};
  CHECK(run_line(world, line, [&] { world.tasks[0].state = TaskState::kCompleted; }).status == kOk);
  world.tasks = {task_in(TaskState::kRunning)};
  const Ran failed = run_line(world, line, [&] {
    world.tasks[0].state = TaskState::kFailed;
    world.tasks[0].note = "5 rounds in a row were aborted";
  });
  CHECK(failed.status == kNoSuccess);
  CHECK(has(failed.out, "5 rounds in a row"));
  world.tasks = {task_in(TaskState::kPaused)};
  const Ran late = run_line(world, line);
  CHECK(late.status == kTimedOut);
  CHECK(has(late.err, "still paused after 10s"));
  CHECK(run_line(world, {"task", "wait", "digit"}).status == kRefused);
  CHECK(has(run_line(world, {"task", "wait", "digit"}).err, "did you mean 'digits'?"));
}

TEST_CASE("rounds are watched across a restart of the coordinator, each printed once", "[cli]") {
  FakeWorld world;
  world.tasks = {task_in(TaskState::kRunning)};
  world.rounds = {round_of(1, RoundState::kCompleted), round_of(2, RoundState::kOpen)};
  world.rounds[1].phase = "masking";
  int slept = 0;
  const Ran ran = run_line(
      world, {"round", "watch", "digits"},
      [&] {
        ++slept;
        if (slept == 1) world.is_up = false;
        if (slept == 3) world.is_up = true;
        if (slept == 4) {
          world.rounds[1] = round_of(2, RoundState::kAborted);
          world.rounds[1].outcome = "too few devices";
          world.rounds.push_back(round_of(3, RoundState::kCompleted));
          world.tasks[0].state = TaskState::kCompleted;
        }
      },
      true);
  CHECK(ran.status == kOk);
  CHECK(has(ran.out, "ROUND"));
  CHECK(has(ran.out,
            "     1     10       1         1     1.5000   1.2500   0.5000     2.50     3.5\n"));
  CHECK(has(ran.out, "     2  aborted after 3.5 s: too few devices\n"));
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 5);
  CHECK(has(ran.out, "Task digits is completed.\n"));
  CHECK(has(ran.err, "round 2: masking"));
  const std::size_t gone = ran.err.find("does not answer");
  CHECK(gone != std::string::npos);
  CHECK(ran.err.find("does not answer", gone + 1) == std::string::npos);
  CHECK(has(ran.err, "The coordinator is back."));
}

TEST_CASE("without a terminal, watching prints plain lines only", "[cli]") {
  FakeWorld world;
  world.tasks = {task_in(TaskState::kPaused)};
  world.rounds = {round_of(1, RoundState::kCompleted), round_of(2, RoundState::kCompleted)};
  const Ran ran = run_line(world, {"round", "watch", "digits"});
  CHECK(ran.err.empty());
  CHECK_FALSE(has(ran.out, "\033"));
  const Ran json = run_line(world, {"round", "watch", "digits", "--format", "json"});
  std::istringstream lines(json.out);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CHECK(Json::parse(line)["metrics"]["accuracy"] == 0.5);
  }
  CHECK(count == 2);
}

TEST_CASE("a model is there whole and as recorded, or not at all", "[cli]") {
  const Folder folder;
  FakeWorld world;
  world.tasks = {task_in(TaskState::kRunning)};
  world.blob = small_model();
  ModelRecord record;
  record.task = "digits";
  record.version = 2;
  record.digest = crypto::sha256(world.blob);
  record.size_bytes = world.blob.size();
  world.models = {record};
  const std::string path = folder.file("out.safetensors");
  const std::vector<std::string> line = {"model", "get", "digits", "--out", path};
  const Ran ran = run_line(world, line);
  INFO(ran.err);
  CHECK(ran.status == kOk);
  CHECK(folder.read("out.safetensors") == text_of(world.blob));
  CHECK(folder.count() == 1);

  world.blob[5] = static_cast<std::uint8_t>(world.blob[5] ^ 1);
  folder.write("out.safetensors", "what was there");
  const Ran damaged = run_line(world, line);
  CHECK(damaged.status == kRefused);
  CHECK(has(damaged.err, "not the model of the record"));
  CHECK(folder.read("out.safetensors") == "what was there");
  CHECK(folder.count() == 1);

  world.models[0].is_pruned = true;
  CHECK(has(run_line(world, line).err, "was pruned"));
  CHECK(has(run_line(world, {"model", "get", "digits", "--version", "9", "--out", path}).err,
            "no model of version 9"));
}

TEST_CASE("the audit log is whole, or the first entry that is not is named", "[cli]") {
  FakeWorld world;
  const auto key = crypto::SigningKeyPair::from_seed(SecretKey());
  world.key = key.public_key();
  world.audit = signed_log(key, 1203);  // more than a page
  const Ran whole = run_line(world, {"audit", "verify"});
  CHECK(whole.status == kOk);
  CHECK(has(whole.out, "1203 entries"));
  CHECK(has(whole.out, to_hex(world.audit.back().hash)));
  CHECK(has(whole.out, "601  round completed"));
  const Json json = Json::parse(run_line(world, {"audit", "verify", "--format", "json"}).out);
  CHECK(json["whole"] == true);
  CHECK(json["head"] == to_hex(world.audit.back().hash));

  world.audit[700].body = "{\"forged\": 1}";
  const Ran broken = run_line(world, {"audit", "verify"});
  CHECK(broken.status == kAuditBroken);
  CHECK(has(broken.err, "entry 701"));
  world.audit.clear();
  CHECK(run_line(world, {"audit", "verify"}).status == kOk);
}

TEST_CASE("a pinned certificate decides whose audit log it is", "[cli]") {
  const Folder folder;
  FakeWorld world;
  crypto::SystemRandom random;
  const auto key = crypto::SigningKeyPair::from_seed(random.secret_key());
  world.key = key.public_key();
  world.audit = signed_log(key, 3);
  const auto authority = crypto::CertificateAuthority::create(
      "test", crypto::SigningKeyPair::from_seed(random.secret_key()));
  const auto pem_of = [&](const crypto::SigningPublicKey& certified) {
    const Bytes der = authority->issue_coordinator("coordinator", certified, 7).value();
    return crypto::certificates_to_pem(der).value();
  };
  folder.write("right.pem", pem_of(world.key));
  folder.write("wrong.pem",
               pem_of(crypto::SigningKeyPair::from_seed(random.secret_key()).public_key()));
  folder.write("none.pem", "nothing");
  const auto verify = [&](const char* name) {
    return run_line(world, {"audit", "verify", "--key", folder.file(name)});
  };
  CHECK(verify("right.pem").status == kOk);
  CHECK(has(verify("right.pem").out, "that of the certificate"));
  CHECK(verify("wrong.pem").status == kAuditBroken);
  CHECK(verify("none.pem").status == kRefused);
}

TEST_CASE("actions reach the task they name", "[cli]") {
  FakeWorld world;
  world.tasks = {task_in(TaskState::kRunning)};
  for (const char* action : {"pause", "resume", "stop", "run"}) {
    CHECK(run_line(world, {"task", action, "digits"}).status == kOk);
  }
  CHECK(world.actions == std::vector<TaskAction>{TaskAction::kPause, TaskAction::kResume,
                                                 TaskAction::kStop, TaskAction::kRunRound});
  CHECK(has(run_line(world, {"model", "rollback", "digits"}).out, "version 1, after version 2"));
  CHECK(has(run_line(world, {"model", "promote", "digits", "7"}).out, "version 7"));
  CHECK(has(run_line(world, {"task", "show", "digits"}).out, "rounds asked for: 3"));
  CHECK(run_line(world, {"task", "show", "digits", "--file"}).out == kTaskFile);
}

TEST_CASE("what a device says of itself cannot steer the operator's terminal", "[cli]") {
  FakeWorld world;
  DeviceRecord device;
  device.name = "phone";
  device.properties = {{"os", "\033[2Jlinux\xc2\x9b"}};
  world.devices = {device};
  const Ran ran = run_line(world, {"device", "show", "phone"});
  CHECK(has(ran.out, "os=?[2Jlinux?"));
  CHECK_FALSE(has(ran.out, "\033"));
  device.properties = {{"os", "\xff\xfe"}};
  world.devices = {device};
  const Ran json = run_line(world, {"device", "list", "--format", "json"});
  CHECK(Json::parse(json.out).size() == 1);
}

TEST_CASE("a followed log goes on across a restart, whose lines count from one again", "[cli]") {
  FakeWorld world;
  world.log = {{1, 1000, "info", "one"}, {2, 2000, "info", "two"}};
  int calls = 0;
  world.on_log = [&]() -> Status {
    ++calls;
    if (calls == 2) world.is_up = false;
    if (calls < 6) return {};
    return Error{ErrorCode::kCancelled, "enough"};
  };
  const Ran ran = run_line(world, {"log", "--follow"}, [&] {
    world.is_up = true;
    world.log = {{1, 3000, "info", "new one"}};
  });
  CHECK(ran.status == kRefused);
  CHECK(has(ran.err, "enough"));
  for (const char* text : {"  one\n", "  two\n", "new one\n"}) {
    const std::size_t at = ran.out.find(text);
    CHECK(at != std::string::npos);
    CHECK(ran.out.find(text, at + 1) == std::string::npos);
  }
}

TEST_CASE("the log is printed with its levels, or as one object a line", "[cli]") {
  FakeWorld world;
  world.log = {{1, 1000, "info", "started"}, {2, 2000, "warning", "slow disk"}};
  CHECK(has(run_line(world, {"log"}).out, "warning  slow disk"));
  CHECK(has(run_line(world, {"log", "--format", "json"}).out, "\"text\":\"slow disk\""));
}

TEST_CASE("a plot needs a round to draw", "[cli]") {
  const Folder folder;
  FakeWorld world;
  world.tasks = {task_in(TaskState::kRunning)};
  const std::vector<std::string> line = {"round", "plot", "digits", "--out", folder.file("a.svg")};
  CHECK(run_line(world, line).status == kRefused);
  CHECK(folder.count() == 0);
  world.rounds = {round_of(1, RoundState::kCompleted)};
  CHECK(run_line(world, line).status == kOk);
  CHECK(has(folder.read("a.svg"), "</svg>"));
}

}  // namespace covey::cli::testing
