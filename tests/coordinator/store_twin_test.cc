#include <algorithm>
#include <random>

#include "coordinator/store_support.h"
#include "support/seeds.h"

namespace covey::coordinator {
namespace {

using namespace testing;
using covey::testing::for_each_seed;
using covey::testing::Seed;

using Key = std::array<std::uint8_t, 32>;

// What of a store is in groups.
struct Records {
  std::map<std::string, TaskRecord> tasks;
  std::map<std::pair<std::string, std::uint64_t>, ModelRecord> models;
  std::map<std::pair<std::string, std::uint64_t>, RoundRecord> rounds;
  std::map<std::pair<std::string, std::uint64_t>, std::vector<std::uint32_t>> survivors;
  std::map<std::string, DeviceRecord> devices;
  std::vector<std::string> audit;  // the kinds
};

// The plain twin of a store: maps in memory.
struct Twin {
  Records committed;
  Records current;
  std::map<Digest, Bytes> blobs;
  std::map<std::pair<std::uint64_t, std::uint32_t>, Bytes> sessions;
  std::uint32_t last_handle = 0;
};

constexpr const char* kTasks[] = {"digits", "letters"};

template <typename Map>
auto values_of(const Map& map, const std::string& task) {
  std::vector<typename Map::mapped_type> values;
  for (const auto& [key, value] : map) {
    if (key.first == task) values.push_back(value);
  }
  return values;
}

// A store and its twin, to which the same is done.
class Pair {
 public:
  Pair(const std::string& folder, Seed seed)
      : folder_(folder), random_(seed), store_(opened(folder)) {}

  void do_something() {
    switch (below(14)) {
      case 0:
        return put_model();
      case 1:
      case 2:
        return put_round();
      case 3:
      case 4:
        return see_device();
      case 5:
        return append_audit();
      case 6:
        return put_blob();
      case 7:
        return remove_blob();
      case 8:
        return put_session();
      case 9:
        return remove_sessions();
      case 10:
      case 11:
        ok(store_->commit());
        twin_.committed = twin_.current;
        return;
      case 12:
        store_->roll_back();
        twin_.current = twin_.committed;
        return;
      default:
        return crash();
    }
  }

  void check_same() {
    std::vector<TaskRecord> tasks;
    for (const auto& [name, task] : twin_.current.tasks) tasks.push_back(task);
    REQUIRE(valid(store_->tasks()) == tasks);
    std::vector<RoundRecord> open;
    for (const char* task : kTasks) {
      REQUIRE(valid(store_->models(task)) == values_of(twin_.current.models, task));
      auto rounds = values_of(twin_.current.rounds, task);
      for (RoundRecord& round : rounds) {
        REQUIRE(valid(store_->round(task, round.number)) == round);
        const auto key = std::pair(std::string(task), round.number);
        REQUIRE(valid(store_->survivors(task, round.number)) == twin_.current.survivors[key]);
        if (round.state == RoundState::kOpen) open.push_back(round);
        round.saved.clear();
      }
      REQUIRE(valid(store_->rounds(task, 0, 1000)) == rounds);
    }
    REQUIRE(valid(store_->open_rounds()) == open);
    check_devices_and_audit();
    check_files();
  }

 private:
  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random_);
  }
  Bytes some_bytes() { return Bytes(below(3000), static_cast<std::uint8_t>(below(3))); }

  std::string some_task() {
    const std::string name = kTasks[below(2)];
    TaskRecord task = sample_task(name);
    task.next_round = below(1000);
    ok(store_->put_task(task));
    twin_.current.tasks[name] = task;
    return name;
  }

  void put_model() {
    const ModelRecord model = sample_model(some_task(), 1 + below(5));
    ok(store_->put_model(model));
    twin_.current.models[{model.task, model.version}] = model;
  }

  void put_round() {
    RoundRecord round = sample_round(some_task(), 1 + below(5));
    round.state = RoundState{static_cast<std::uint8_t>(1 + below(3))};
    round.saved = some_bytes();
    const std::vector<std::uint32_t> survivors(below(4), below(100));
    ok(store_->put_round(round));
    ok(store_->put_participants(round.task, round.number, survivors, {}));
    twin_.current.rounds[{round.task, round.number}] = round;
    twin_.current.survivors[{round.task, round.number}] = survivors;
  }

  void see_device() {
    const std::string name = "device-" + std::to_string(below(6));
    const Key key{static_cast<std::uint8_t>(below(3))};
    const UnixMs now = below(1000);
    auto [place, is_new] = twin_.current.devices.try_emplace(name);
    DeviceRecord& device = place->second;
    if (is_new) {
      device.handle = ++twin_.last_handle;
      device.name = name;
      device.first_seen_at = now;
    }
    device.key = key;
    device.last_seen_at = now;
    REQUIRE(valid(store_->device_seen(name, key, now)) == device);
    if (below(2) == 0) return;
    ++device.rounds;
    device.tags.assign(below(3), "tag");
    ok(store_->put_device(device));
  }

  void append_audit() {
    AuditEntry entry;
    entry.kind = "kind " + std::to_string(below(100));
    ok(store_->append_audit(entry, [](const Digest&) { return std::array<std::uint8_t, 64>{}; }));
    twin_.current.audit.push_back(entry.kind);
  }

  void put_blob() {
    const Bytes bytes = some_bytes();
    Digest digest{};
    if (below(2) == 0) {
      digest = valid(store_->put_blob(bytes));
    } else {
      const auto writer = valid(store_->write_blob());
      ok(writer->append(bytes));
      if (below(3) == 0) return;  // never finished
      digest = valid(writer->finish());
    }
    twin_.blobs[digest] = bytes;
    blobs_ever_.push_back(digest);
  }

  void remove_blob() {
    if (blobs_ever_.empty()) return;
    const Digest digest = blobs_ever_[below(static_cast<std::uint32_t>(blobs_ever_.size()))];
    ok(store_->remove_blob(digest));
    twin_.blobs.erase(digest);
  }

  void put_session() {
    const std::uint64_t round = 1 + below(12);
    const std::uint32_t group = below(2);
    const Bytes saved = some_bytes();
    ok(store_->put_session("digits", round, group, saved));
    twin_.sessions[{round, group}] = saved;
  }

  void remove_sessions() {
    const std::uint64_t round = 1 + below(12);
    ok(store_->remove_sessions("digits", round));
    std::erase_if(twin_.sessions, [&](const auto& entry) { return entry.first.first == round; });
  }

  void crash() {
    store_.reset();
    store_ = opened(folder_);
    twin_.current = twin_.committed;
    twin_.last_handle = 0;
    for (const auto& [name, device] : twin_.current.devices) {
      twin_.last_handle = std::max(twin_.last_handle, device.handle);
    }
  }

  void check_devices_and_audit() {
    std::vector<DeviceRecord> devices;
    for (const auto& [name, device] : twin_.current.devices) devices.push_back(device);
    std::ranges::sort(devices, {}, &DeviceRecord::handle);
    REQUIRE(valid(store_->devices()) == devices);
    std::vector<std::string> audit;
    for (const AuditEntry& entry : valid(store_->audit(1, 1000))) {
      audit.push_back(entry.kind);
      REQUIRE(entry.sequence == audit.size());
    }
    REQUIRE(audit == twin_.current.audit);
  }

  void check_files() {
    for (const Digest& digest : blobs_ever_) {
      const auto blob = twin_.blobs.find(digest);
      if (blob == twin_.blobs.end()) {
        REQUIRE(code_of(store_->get_blob(digest)) == ErrorCode::kNotFound);
      } else {
        REQUIRE(valid(store_->get_blob(digest)) == blob->second);
        REQUIRE(valid(store_->open_blob(digest))->size_bytes() == blob->second.size());
      }
    }
    REQUIRE(files_under(folder_ + "/blobs").size() == twin_.blobs.size());
    REQUIRE(files_under(folder_ + "/incoming").empty());
    for (std::uint64_t round = 1; round <= 12; ++round) {
      for (std::uint32_t group = 0; group < 2; ++group) {
        const auto session = twin_.sessions.find({round, group});
        const auto found = valid(store_->get_session("digits", round, group));
        REQUIRE(found.has_value() == (session != twin_.sessions.end()));
        if (found) REQUIRE(*found == session->second);
      }
    }
  }

  std::string folder_;
  std::mt19937_64 random_;
  std::unique_ptr<Store> store_;
  Twin twin_;
  std::vector<Digest> blobs_ever_;
};

TEST_CASE("a store holds what its twin in memory holds, whatever is done to both",
          "[store][property]") {
  for_each_seed(25, [](Seed seed) {
    const TemporaryFolder folder;
    Pair pair(folder.store(), seed);
    for (int i = 0; i < 60; ++i) {
      pair.do_something();
      pair.check_same();
    }
  });
}

}  // namespace
}  // namespace covey::coordinator
