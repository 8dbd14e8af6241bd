#include <csignal>

#include "coordinator/grpc/blob_parts.h"
#include "covey/aggregation/secagg/vector_layout.h"
#include "integration/world/deeds.h"
#include "integration/world/federation.h"
#include "integration/world/link.h"
#include "support/catch.h"

// Connections that are cut in the middle of a transfer, byte by byte counted.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_completed;
using testing::did;
using testing::Federation;
using testing::Link;
using testing::Process;
using Direction = Link::Direction;

constexpr int kDevices = 4;
constexpr int kOffsets = 10;
constexpr std::uint64_t kParameters = 200'000;
constexpr std::uint64_t kModelBytes = kParameters * sizeof(float);
// What a cut may cost beside what is sent once more: another TLS handshake, requests that are
// repeated.
constexpr std::uint64_t kReconnectBytes = 32 * 1024;

// What passes between two trainings of the device, which stops in each: the upload of a round, the
// download of the next.
struct Between {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
};

class Trainings {
 public:
  explicit Trainings(int rounds) {
    federation_.start_coordinator();
    federation_.submit("digits", {.rounds = rounds, .devices = kDevices});
    link_.set_target(federation_.address());
    std::vector<std::string> flags{"--address", link_.address()};
    for (int round = 1; round <= rounds; ++round) {
      flags.insert(flags.end(), {"--stop-at", std::to_string(round) + ":0"});
    }
    federation_.start_devices(kDevices - 1);
    device_ = &federation_.start_device(kDevices, flags);
  }

  Federation& federation() { return federation_; }
  Link& link() { return link_; }
  bool reaches_training() { return device_->wait_until_stopped(); }
  void leave_training() { device_->send_signal(SIGCONT); }

  Between until_next() {
    const Link::Traffic before = link_.traffic();
    leave_training();
    REQUIRE(reaches_training());
    const Link::Traffic after = link_.traffic();
    return {after.up - before.up, after.down - before.down};
  }

 private:
  Federation federation_{kDevices, kParameters};
  Link link_{"127.0.0.1:1"};
  Process* device_ = nullptr;
};

// Rounds that are cut after so many tenths of the bytes of an undisturbed one, and a half.
void check_cuts(Direction direction) {
  constexpr int kRounds = kOffsets + 2;
  const bool is_up = direction == Direction::kUp;
  Trainings trainings(kRounds);
  REQUIRE(trainings.reaches_training());
  const Between whole = trainings.until_next();
  REQUIRE(whole.up > kModelBytes / 2);
  REQUIRE(whole.down > kModelBytes);
  REQUIRE(whole.down < kModelBytes + kModelBytes / 10);
  for (int offset = 0; offset < kOffsets; ++offset) {
    const auto twentieths = static_cast<std::uint64_t>(2 * offset + 1);
    const std::uint64_t at = (is_up ? whole.up : whole.down) * twentieths / 20;
    INFO("cut after " << at << " bytes " << (is_up ? "up" : "down"));
    trainings.link().cut_after(direction, at);
    const Between cut = trainings.until_next();
    CHECK_FALSE(trainings.link().is_cut_due());
    did("cuts within a transfer");
    // It went on where it broke off: one part of the model, or one chunk of the masked vector, came
    // twice at most.
    CHECK(cut.down < whole.down + kSentPartBytes + kReconnectBytes);
    CHECK(cut.down < whole.down + whole.down / 2);
    CHECK(cut.up < whole.up + secagg::VectorLayout::kMaxChunkBytes + kReconnectBytes);
  }
  trainings.leave_training();
  REQUIRE(trainings.federation().wait_for_end("digits"));
  for (const RoundDetails& round : check_completed(trainings.federation(), "digits", kRounds)) {
    CHECK(round.round.survivors == kDevices);
    CHECK(round.round.dropped == 0);
    did("rounds completed");
  }
  CHECK(trainings.federation().log_lines("second, different message").empty());
}

}  // namespace

TEST_CASE("an upload that is cut anywhere goes on where it broke off, and is in the sum",
          "[links]") {
  check_cuts(Direction::kUp);
}

TEST_CASE("a download that is cut anywhere goes on where it broke off", "[links]") {
  check_cuts(Direction::kDown);
}

}  // namespace covey
