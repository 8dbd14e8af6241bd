#include <cmath>
#include <limits>

#include "coordinator/store_support.h"

namespace covey::coordinator {
namespace {

using namespace testing;

using Key = std::array<std::uint8_t, 32>;

TEST_CASE("every record comes back as it was put, after the store is opened again", "[store]") {
  const TemporaryFolder folder;
  TaskRecord task = sample_task("digits");
  ModelRecord first = sample_model("digits", 1);
  first.parent.reset();
  first.is_pruned = false;
  const ModelRecord second = sample_model("digits", 2);
  RoundRecord open = sample_round("digits", 5);
  RoundRecord done = sample_round("digits", 4);
  done.state = RoundState::kCompleted;
  done.new_version = 2;
  done.outcome = "ended";
  done.saved.clear();
  DeviceRecord device;
  {
    const auto store = opened(folder.store());
    ok(store->put_task(task));
    ok(store->put_model(second));
    ok(store->put_model(first));
    ok(store->put_round(open));
    ok(store->put_round(done));
    device = valid(store->device_seen("phone-1", Key{1}, 10));
    device.tags = {"lab", "ä\"\\"};
    device.properties = {{"os", "linux"}, {"", ""}};
    device.is_revoked = true;
    device.revoked_reason = "lost";
    device.rounds = 3;
    ok(store->put_device(device));
    ok(store->put_participants("digits", 4, {7, 1, 0xffffffff}, {2}));
    ok(store->commit());
  }
  const auto store = opened(folder.store());
  CHECK(valid(store->tasks()) == std::vector{task});
  CHECK(valid(store->models("digits")) == std::vector{first, second});
  CHECK(valid(store->round("digits", 5)) == open);
  CHECK(valid(store->round("digits", 4)) == done);
  CHECK(valid(store->open_rounds()) == std::vector{open});
  CHECK(valid(store->devices()) == std::vector{device});
  CHECK(valid(store->survivors("digits", 4)) == std::vector<std::uint32_t>{7, 1, 0xffffffff});
  CHECK(valid(store->dropped("digits", 4)) == std::vector<std::uint32_t>{2});

  CHECK(!valid(store->round("digits", 6)));
  CHECK(valid(store->models("letters")).empty());
  CHECK(valid(store->survivors("digits", 5)).empty());
}

TEST_CASE("a record that is put again replaces itself, and nothing that belongs to it", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  TaskRecord task = sample_task("digits");
  ok(store->put_task(task));
  ok(store->put_model(sample_model("digits", 1)));
  ok(store->put_round(sample_round("digits", 1)));
  ok(store->put_participants("digits", 1, {1}, {2}));
  task.state = TaskState::kStopped;
  task.note = "over";
  ok(store->put_task(task));
  ok(store->put_round(sample_round("digits", 1)));
  ok(store->put_participants("digits", 1, {3, 4}, {}));
  ok(store->commit());
  CHECK(valid(store->tasks()) == std::vector{task});
  CHECK(valid(store->models("digits")).size() == 1);
  CHECK(valid(store->survivors("digits", 1)) == std::vector<std::uint32_t>{3, 4});
  CHECK(valid(store->dropped("digits", 1)).empty());
}

TEST_CASE("metrics keep every bit, and those that are not numbers too", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  using Limits = std::numeric_limits<double>;
  ok(store->put_task(sample_task("digits")));
  ModelRecord model = sample_model("digits", 1);
  model.metrics = {{"tiny", Limits::denorm_min()},
                   {"huge", Limits::max()},
                   {"third", 1.0 / 3},
                   {"up", Limits::infinity()},
                   {"down", -Limits::infinity()}};
  ok(store->put_model(model));
  CHECK(valid(store->models("digits")).front().metrics == model.metrics);
  model.metrics = {{"loss", Limits::quiet_NaN()}, {"zero", -0.0}};
  ok(store->put_model(model));
  const Metrics metrics = valid(store->models("digits")).front().metrics;
  REQUIRE(metrics.size() == 2);
  CHECK(std::isnan(metrics.at("loss")));
  CHECK(std::signbit(metrics.at("zero")));
}

TEST_CASE("rounds are listed from a number on, at most so many, without what they saved",
          "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  ok(store->put_task(sample_task("digits")));
  for (const std::uint64_t number : {3, 1, 2, 4})
    ok(store->put_round(sample_round("digits", number)));
  const auto numbers = [&](std::uint64_t from, std::size_t limit) {
    std::vector<std::uint64_t> found;
    for (const RoundRecord& round : valid(store->rounds("digits", from, limit))) {
      CHECK(round.saved.empty());
      CHECK(round.phase == "masking");
      found.push_back(round.number);
    }
    return found;
  };
  CHECK(numbers(0, ~std::size_t{0}) == std::vector<std::uint64_t>{1, 2, 3, 4});
  CHECK(numbers(2, 2) == std::vector<std::uint64_t>{2, 3});
  CHECK(numbers(5, 10).empty());
  CHECK(numbers(~std::uint64_t{0}, 10).empty());
  CHECK(numbers(1, 0).empty());
}

TEST_CASE("what was not committed is gone after roll_back and after opening again", "[store]") {
  const TemporaryFolder folder;
  auto store = opened(folder.store());
  ok(store->commit());  // of nothing
  ok(store->put_task(sample_task("kept")));
  ok(store->commit());
  ok(store->put_task(sample_task("rolled-back")));
  CHECK(valid(store->tasks()).size() == 2);
  store->roll_back();
  CHECK(valid(store->tasks()).size() == 1);
  ok(store->put_task(sample_task("not-committed")));
  store.reset();
  store = opened(folder.store());
  CHECK(valid(store->tasks()) == std::vector{sample_task("kept")});
}

TEST_CASE("a group of which one put failed has no effect, and the next group is whole", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  ok(store->put_task(sample_task("first")));
  CHECK(code_of(store->put_model(sample_model("nobody", 1))) == ErrorCode::kFailedPrecondition);
  CHECK(code_of(store->put_task(sample_task("second"))) == ErrorCode::kFailedPrecondition);
  CHECK(code_of(store->commit()) == ErrorCode::kFailedPrecondition);
  CHECK(valid(store->tasks()).empty());

  ok(store->put_task(sample_task("third")));
  ok(store->commit());
  CHECK(code_of(store->put_participants("third", 1, {}, {})) == ErrorCode::kFailedPrecondition);
  store->roll_back();
  ok(store->put_task(sample_task("fourth")));
  ok(store->commit());
  CHECK(valid(store->tasks()).size() == 2);
}

TEST_CASE("a device keeps its handle, and no other is ever given it", "[store]") {
  const TemporaryFolder folder;
  auto store = opened(folder.store());
  const DeviceRecord first = valid(store->device_seen("a", Key{1}, 10));
  ok(store->commit());
  const DeviceRecord rolled_back = valid(store->device_seen("b", Key{2}, 20));
  CHECK(rolled_back.handle != first.handle);
  store->roll_back();
  const DeviceRecord third = valid(store->device_seen("c", Key{3}, 30));
  CHECK(third.handle != first.handle);
  CHECK(third.handle != rolled_back.handle);
  ok(store->commit());
  store.reset();

  store = opened(folder.store());
  const DeviceRecord again = valid(store->device_seen("a", Key{9}, 40));
  CHECK(again.handle == first.handle);
  CHECK(again.key == Key{9});
  CHECK(again.first_seen_at == 10);
  CHECK(again.last_seen_at == 40);
  CHECK(valid(store->device_seen("d", Key{4}, 50)).handle > third.handle);
}

TEST_CASE("a device that was never seen cannot be put, nor get another's name", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  DeviceRecord device = valid(store->device_seen("a", Key{1}, 10));
  ok(store->commit());
  device.name = "b";
  CHECK(code_of(store->put_device(device)) == ErrorCode::kNotFound);
  store->roll_back();
  device.name = "a";
  ++device.handle;
  CHECK(code_of(store->put_device(device)) == ErrorCode::kNotFound);
  store->roll_back();
  CHECK(valid(store->devices()).size() == 1);
}

TEST_CASE("a property that is not UTF-8 spoils nothing else", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  DeviceRecord device = valid(store->device_seen("a", Key{1}, 10));
  device.properties = {{"bad", "\xff"}, {"good", "yes"}};
  ok(store->put_device(device));
  ok(store->commit());
  const auto properties = valid(store->devices()).front().properties;
  CHECK(properties.at("bad") == "\xef\xbf\xbd");
  CHECK(properties.at("good") == "yes");
}

TEST_CASE("every state has a name", "[store]") {
  for (const auto state : {TaskState::kRunning, TaskState::kPaused, TaskState::kStopped,
                           TaskState::kCompleted, TaskState::kFailed}) {
    CHECK(name_of(state) != "unknown");
  }
  for (const auto state : {RoundState::kOpen, RoundState::kCompleted, RoundState::kAborted}) {
    CHECK(name_of(state) != "unknown");
  }
}

}  // namespace
}  // namespace covey::coordinator
