// What devices can do to a coordinator with their calls: whole recorded federations, of which the
// fuzzer delivers what it likes, when it likes, from whom it likes, changed as it likes; while the
// disk fills up, the process is killed and an operator does what operators do. What must hold:
// service_checks.cc.

#include <random>

#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/recorded_session.h"
#include "fuzz/service_checks.h"

namespace covey::fuzz {
namespace {

constexpr int kMostCommands = 64;
constexpr int kMostCalls = 600;

enum Command : std::uint32_t {
  kGoOn,       // so many of the recorded calls, in order
  kAgain,      // the last of them once more
  kRepeat,     // any of them
  kMisdirect,  // one of them, from another device
  kChange,     // one of them, with other bytes
  kSplice,     // the beginning of one and the end of another
  kMakeUp,     // bytes of the fuzzer's
  kWait,
  kFillDisk,  // or make room
  kKill,
  kHoldPool,  // work for it waits, or is done
  kAdminister,
  kSkip,  // recorded calls that never come
  kCommands
};

class Run {
 public:
  explicit Run(FuzzInput& input)
      : input_(input),
        session_(recorded_session(input.below(kSessions))),
        world_(session_.world),
        checks_(world_) {}

  bool is_over() const { return input_.is_empty() || calls_ > kMostCalls; }

  void act() {
    switch (input_.below(kCommands)) {
      case kGoOn:
        return go_on(input_.byte());
      case kAgain:
        if (next_ == 0 || next_ > session_.calls.size()) return;
        return deliver(session_.calls[next_ - 1], session_.calls[next_ - 1].device);
      case kRepeat:
        return repeat();
      case kMisdirect:
        return misdirect();
      case kChange:
        return change();
      case kSplice:
        return splice();
      case kMakeUp:
        return make_up();
      case kWait:
        return wait(Milliseconds(1) * (std::int64_t{1} << input_.below(18)));
      case kFillDisk:
        world_.store().is_full = !world_.store().is_full;
        return;
      case kKill:
        return world_.restart(), look();
      case kHoldPool:
        is_pool_held_ = !is_pool_held_;
        return look();
      case kAdminister:
        return administer();
      default:
        next_ += input_.byte();
    }
  }

  // With room on the disk and nobody who says anything, time ends all that is open: no state is
  // without an exit.
  void finish() {
    constexpr int kMostSteps = 300;
    world_.store().is_full = false;
    is_pool_held_ = false;
    for (int step = 0; step < kMostSteps && !is_idle(); ++step) {
      const Milliseconds soon = world_.now() + Milliseconds(60'000);
      wait(std::min(world_.next_event().value_or(soon), soon) - world_.now());
    }
    COVEY_CHECK(is_idle());
    world_.restart();  // and takes up what it has ended
    look();
    checks_.check_end();
  }

 private:
  const RecordedCall& recorded() {
    return session_.calls[input_.below(static_cast<std::uint32_t>(session_.calls.size()))];
  }

  bool is_idle() {
    FederationStatus status;
    world_.core().fill(status);
    return status.open_rounds == 0 && status.calls_held == 0 && world_.can_write() &&
           !world_.core().is_working();
  }

  void look() {
    if (!is_pool_held_) world_.work();
    checks_.check(is_honest_);
  }

  void wait(Milliseconds time) {
    world_.advance_to(world_.now() + std::max(time, Milliseconds(1)));
    look();
  }

  void call(std::size_t device, Method method, ByteView request) {
    ++calls_;
    world_.call(device, method, request);
    world_.settle();
    look();
  }

  void deliver(const RecordedCall& recorded, std::size_t device) {
    call(device, recorded.method, recorded.request);
  }

  void go_on(std::size_t count) {
    for (; count > 0 && next_ < session_.calls.size() && calls_ <= kMostCalls; --count, ++next_) {
      const RecordedCall& recorded = session_.calls[next_];
      if (recorded.is_after_restart) world_.restart();
      if (recorded.at > world_.now()) {
        world_.advance_to(recorded.at);
        look();
      }
      deliver(recorded, recorded.device);
    }
  }

  std::size_t any_device() {
    return input_.below(static_cast<std::uint32_t>(session_.world.devices));
  }

  void repeat() {
    const RecordedCall& original = recorded();
    deliver(original, original.device);
  }

  void misdirect() {
    is_honest_ = false;
    const RecordedCall& original = recorded();
    deliver(original, any_device());
  }

  // The message inside a request is where most of what can go wrong is.
  void change() {
    is_honest_ = false;
    const RecordedCall& original = recorded();
    Bytes request = original.request;
    for (std::uint32_t changes = 1 + input_.below(3); changes > 0 && !request.empty(); --changes) {
      const std::uint32_t at = input_.below(static_cast<std::uint32_t>(request.size()));
      switch (input_.below(4)) {
        case 0:
          request.resize(at);
          break;
        case 1:
          request.insert(request.begin() + at, input_.byte());
          break;
        default:
          request[at] ^= static_cast<std::uint8_t>(1 + input_.below(255));
      }
    }
    call(original.device, original.method, request);
  }

  void splice() {
    is_honest_ = false;
    const RecordedCall& first = recorded();
    const RecordedCall& second = recorded();
    const ByteView end = ByteView(second.request);
    Bytes request = first.request;
    request.resize(input_.below(static_cast<std::uint32_t>(request.size() + 1)));
    const ByteView rest = end.subspan(input_.below(static_cast<std::uint32_t>(end.size() + 1)));
    request.insert(request.end(), rest.begin(), rest.end());
    call(first.device, first.method, request);
  }

  void make_up() {
    is_honest_ = false;
    const std::size_t device = any_device();
    const auto method = static_cast<Method>(input_.below(kMethods));
    call(device, method, input_.raw(input_.byte()));
  }

  void administer() {
    if (!world_.can_write()) return;  // the operator is told that it cannot be
    coordinator::FederationCore& core = world_.core();
    coordinator::TaskRunner& task = **core.task(ServiceWorld::task_name());
    const std::uint32_t action = input_.below(8);
    if (action < 4) {
      static_cast<void>(task.act(static_cast<coordinator::TaskAction>(action + 1), world_.now()));
    } else if (action == 4) {
      static_cast<void>(task.set_current_model(input_.below(4), true, world_.now()));
    } else if (action == 5) {
      static_cast<void>(task.set_current_model(input_.below(4), false, world_.now()));
    } else if (action == 6) {
      static_cast<void>(core.prune(ServiceWorld::task_name(), input_.below(3)));
    } else {
      static_cast<void>(core.revoke("device-" + std::to_string(any_device()), "", world_.now()));
    }
    world_.settle();
    look();
  }

  using FederationStatus = coordinator::FederationStatus;

  FuzzInput& input_;
  const RecordedSession& session_;
  ServiceWorld world_;
  ServiceChecks checks_;
  std::size_t next_ = 0;  // of the recorded calls
  int calls_ = 0;
  bool is_pool_held_ = false;
  bool is_honest_ = true;
};

}  // namespace

// A whole session with, here and there, something else.
std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  std::mt19937_64 random(1);
  const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
  for (std::uint8_t session = 0; session < kSessions; ++session) {
    out.push_back({session, kGoOn, 255});
    const std::size_t calls = std::min<std::size_t>(recorded_session(session).calls.size(), 255);
    for (std::size_t i = 1; i < calls; ++i) {  // each of them twice
      out.push_back({session, kGoOn, static_cast<std::uint8_t>(i), kAgain, kGoOn, 255});
    }
    for (std::uint8_t command = kRepeat; command < kCommands; ++command) {
      for (int i = 0; i < 4; ++i) {
        Bytes input{session, kGoOn, static_cast<std::uint8_t>(random() % 140), command};
        for (int j = 0; j < 8; ++j) input.push_back(byte());
        input.insert(input.end(), {kGoOn, 60, command, byte(), byte(), byte(), kGoOn, 255});
        out.push_back(std::move(input));
      }
    }
  }
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  covey::fuzz::FuzzInput input({data, size});
  covey::fuzz::Run run(input);
  for (int i = 0; i < covey::fuzz::kMostCommands && !run.is_over(); ++i) run.act();
  run.finish();
  return 0;
}
