#include "coordinator/runtime/held_calls.h"

#include "support/catch.h"

namespace covey {
namespace {

using namespace coordinator;
using namespace std::chrono_literals;

struct Held {
  void hold(DeviceHandle device, Milliseconds until) {
    calls.hold(
        device,
        {0, [this, device](Result<int> result) { ended.emplace_back(device, result); }, until},
        outbox);
  }
  void release(Milliseconds now) {
    calls.release_until(now, 7, outbox);
    outbox.flush();
  }

  Outbox outbox;
  HeldCalls<int, int> calls;
  std::vector<std::pair<DeviceHandle, Result<int>>> ended;
};

}  // namespace

TEST_CASE("held calls end when their time has come, each once", "[held]") {
  Held held;
  CHECK_FALSE(held.calls.next());
  held.hold(1, 30ms);
  held.hold(2, 10ms);
  held.hold(3, 20ms);
  REQUIRE(held.calls.next() == 10ms);
  held.release(9ms);
  CHECK(held.ended.empty());
  held.release(20ms);
  REQUIRE(held.ended.size() == 2);
  CHECK(held.ended[0].first == 2);
  CHECK(held.ended[1].first == 3);
  CHECK(held.ended[0].second.value() == 7);
  REQUIRE(held.calls.next() == 30ms);
  held.release(Milliseconds::max());
  CHECK(held.ended.size() == 3);
  CHECK_FALSE(held.calls.next());
}

TEST_CASE("a later call of a device takes the place of the one before, and its time", "[held]") {
  Held held;
  held.hold(1, 10ms);
  held.hold(1, 50ms);
  held.outbox.flush();
  REQUIRE(held.ended.size() == 1);
  CHECK(held.ended[0].second.error().code == ErrorCode::kAborted);
  CHECK(held.calls.next() == 50ms);
  held.release(49ms);
  CHECK(held.ended.size() == 1);
}

TEST_CASE("a call that was taken is not ended again", "[held]") {
  Held held;
  held.hold(1, 10ms);
  REQUIRE(held.calls.take(1).has_value());
  CHECK_FALSE(held.calls.next());
  held.release(Milliseconds::max());
  CHECK(held.ended.empty());
  CHECK_FALSE(held.calls.take(1).has_value());
}

}  // namespace covey
