#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "coordinator/grpc/listening_socket.h"
#include "grpc/grpc_world.h"
#include "support/catch.h"

using namespace covey;
using namespace covey::testing;
using coordinator::Descriptor;
using coordinator::GrpcServerOptions;

namespace {

struct Entrance : GrpcWorld {
  explicit Entrance(const std::function<void(GrpcServerOptions&)>& change)
      : GrpcWorld([&](GrpcServerOptions& options) {
          options.on_refused = [this](const Error& error) {
            const std::lock_guard lock(mutex);
            reasons.push_back(error.message);
          };
          change(options);
        }) {
    devices.on_join = [](const Peer&, auto, auto reply) {
      reply(federation::JoinReply(federation::InGroup{}));
    };
  }
  ~Entrance() { server.reset(); }  // before what it tells goes

  bool was_said(const std::string& text) {
    const std::lock_guard lock(mutex);
    return std::ranges::any_of(
        reasons, [&](const std::string& reason) { return reason.find(text) != std::string::npos; });
  }

  std::mutex mutex;
  std::vector<std::string> reasons;
};

bool joins(client::GrpcTransport& device) {
  return device.join({.task = "digits", .round = 1}).has_value();
}

// A connection that says nothing.
Descriptor silent(int port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return Descriptor(-1);
  }
  return socket;
}

bool is_cut(const Descriptor& socket) {
  char byte = 0;
  const ssize_t got = recv(socket.number(), &byte, 1, MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

template <typename IsSo>
bool eventually(const IsSo& is_so) {
  for (int i = 0; i < 3000; ++i) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// So many descriptors more than are open now, for a while.
class FewDescriptors {
 public:
  explicit FewDescriptors(std::size_t more) {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = open_descriptors() + more;
    setrlimit(RLIMIT_NOFILE, &few);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("more silent connections than there are descriptors keep no device out", "[grpc][door]") {
  Entrance world([](auto& options) { options.max_connections = 20; });
  // Of the server's and of this test's silent ends, in one process.
  const FewDescriptors few(120);
  std::deque<Descriptor> held;
  for (int i = 0; i < 500; ++i) {
    held.push_back(silent(world.server->port()));
    if (held.size() > 40) held.pop_front();
  }
  const auto device = world.transport();
  CHECK(eventually([&] { return joins(*device); }));
  CHECK(world.was_said("no call had come"));
}

TEST_CASE("a server that runs out of descriptors listens again when there are some",
          "[grpc][door]") {
  Entrance world([](auto&) {});
  const auto device = world.transport();
  CHECK(joins(*device));
  {
    const FewDescriptors few(12);
    std::vector<Descriptor> all;  // the last of which the server cannot take
    while (all.empty() || all.back().number() >= 0) all.push_back(silent(world.server->port()));
  }
  const auto other = connect(world.options("device-8", 8));
  CHECK(eventually([&] { return joins(*other); }));
}

TEST_CASE("a connection on which no whole call comes in time is cut, others stay", "[grpc][door]") {
  Entrance world([](auto& options) { options.idle = std::chrono::milliseconds(500); });
  const auto device = world.transport();
  CHECK(joins(*device));
  const Descriptor stranger = silent(world.server->port());
  CHECK(eventually([&] { return is_cut(stranger); }));
  CHECK(world.was_said("no whole call came"));
  CHECK(joins(*device));
}

TEST_CASE("of a device's connections the one that was used least lately is cut", "[grpc][door]") {
  Entrance world([](auto& options) { options.max_connections_per_device = 2; });
  const auto other = connect(world.options("device-8", 8));
  CHECK(joins(*other));
  std::vector<std::unique_ptr<client::GrpcTransport>> same;
  for (int i = 0; i < 6; ++i) {
    auto options = world.options("device-7", 7);
    options.coordinator_name = kCoordinatorName;
    same.push_back(connect(std::move(options)));
    CHECK(eventually([&] { return joins(*same.back()); }));
  }
  CHECK(eventually([&] { return world.was_said("device-7 has more than 2"); }));
  CHECK_FALSE(world.was_said("device-8"));
  CHECK(joins(*other));
  CHECK(eventually([&] { return joins(*same.front()); }));  // it connects again
}

TEST_CASE("a server listens on every address of its host", "[grpc][door]") {
  Entrance world([](auto& options) { options.listen = "localhost:0"; });
  auto options = world.options("device-7", 7);
  options.target = "localhost:" + std::to_string(world.server->port());
  CHECK(joins(*connect(std::move(options))));
  Entrance everywhere([](auto& at) { at.listen = "0.0.0.0:0"; });
  CHECK(joins(*everywhere.transport()));
}

}  // namespace
