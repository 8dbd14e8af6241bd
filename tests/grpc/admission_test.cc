#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "covey/coordinator/admin_client.h"
#include "grpc/grpc_world.h"
#include "support/catch.h"

using namespace covey;
using namespace covey::testing;
using coordinator::GrpcServer;
using coordinator::GrpcServerOptions;

namespace {

struct OpenDoor : GrpcWorld {
  std::vector<std::string> names;
  explicit OpenDoor(const std::function<void(GrpcServerOptions&)>& change = [](auto&) {})
      : GrpcWorld(change) {
    devices.on_join = [this](const Peer& peer, auto, auto reply) {
      names.push_back(peer.name);
      reply(federation::JoinReply(federation::InGroup{}));
    };
  }
  static Result<federation::JoinReply> join(client::GrpcTransport& device) {
    return device.join({.task = "digits", .round = 1});
  }
};

// For devices that never get a connection: how long they wait for one.
constexpr std::chrono::milliseconds kSoon{300};

TEST_CASE("a device is known by its certificate alone", "[grpc]") {
  OpenDoor world;
  client::GrpcTransportOptions options = world.options("device-9", 9);
  options.insecure_name = "somebody else";
  CHECK(OpenDoor::join(*connect(std::move(options))).has_value());
  CHECK(OpenDoor::join(*world.transport()).has_value());
  CHECK(world.names == std::vector<std::string>{"device-9", "device-7"});
}

TEST_CASE("a device of another federation does not get in", "[grpc]") {
  OpenDoor world;
  const TestAuthority other(2);
  client::GrpcTransportOptions options = world.options("device-7", 7);
  const std::string authorities_pem = options.tls->authorities_pem;
  options.tls = other.device("device-7", 7);
  options.tls->authorities_pem += authorities_pem;  // it trusts the coordinator, who does not
  options.idle = kSoon;
  CHECK(OpenDoor::join(*connect(std::move(options))).error().code == ErrorCode::kUnavailable);
  CHECK(world.names.empty());
}

TEST_CASE("a device does not talk to a coordinator of another federation or name", "[grpc]") {
  OpenDoor world;
  client::GrpcTransportOptions options = world.options("device-7", 7);
  options.coordinator_name = "other.example";
  options.idle = kSoon;
  CHECK(OpenDoor::join(*connect(std::move(options))).error().code == ErrorCode::kUnavailable);
  const TestAuthority other(2);
  OpenDoor impostor([&](auto& with) { with.tls = other.coordinator(kCoordinatorName); });
  options = impostor.options("device-7", 7);
  options.idle = kSoon;
  CHECK(OpenDoor::join(*connect(std::move(options))).error().code == ErrorCode::kUnavailable);
  CHECK(world.names.empty());
  CHECK(impostor.names.empty());
}

TEST_CASE("a device without TLS gets nowhere where TLS is asked for, nor the other way round",
          "[grpc]") {
  OpenDoor world;
  client::GrpcTransportOptions options;
  options.target = world.target();
  options.insecure_name = "device-7";
  options.idle = kSoon;
  CHECK(OpenDoor::join(*connect(std::move(options))).error().code == ErrorCode::kUnavailable);
  OpenDoor insecure([](auto& with) { with.tls.reset(); });
  options = insecure.options("device-7", 7);
  options.idle = kSoon;
  CHECK(OpenDoor::join(*connect(std::move(options))).error().code == ErrorCode::kUnavailable);
  CHECK(world.names.empty());
  CHECK(insecure.names.empty());
}

TEST_CASE("a coordinator that is revoked is left at the first call", "[grpc]") {
  OpenDoor world;
  client::GrpcTransportOptions options = world.options("device-7", 7);
  options.revocation_lists = {world.authority.revocations(kCoordinatorSerial)};
  const auto left = OpenDoor::join(*connect(std::move(options)));
  CHECK(left.error().code == ErrorCode::kUnauthenticated);
  CHECK(left.error().message.find("coordinator") != std::string::npos);
  options = world.options("device-7", 7);
  options.revocation_lists = {world.authority.revocations(kCoordinatorSerial + 1)};
  CHECK(OpenDoor::join(*connect(std::move(options))).has_value());
}

TEST_CASE("a device that is revoked is refused from its next call on, others are not", "[grpc]") {
  OpenDoor world;
  const auto revoked = world.transport();
  const auto other = connect(world.options("device-8", 8));
  CHECK(OpenDoor::join(*revoked).has_value());
  CHECK(world.server->set_revocations(world.authority.revocations(7)).has_value());
  CHECK(OpenDoor::join(*revoked).error().code == ErrorCode::kUnauthenticated);
  CHECK(revoked->fetch({}, 0, [](ByteView) { return Status(); }).error().code ==
        ErrorCode::kUnauthenticated);
  CHECK(OpenDoor::join(*world.transport()).error().code == ErrorCode::kUnauthenticated);
  CHECK(OpenDoor::join(*other).has_value());
  CHECK_FALSE(world.server->set_revocations(TestAuthority(2).revocations(8)).has_value());
  CHECK(OpenDoor::join(*other).has_value());
}

TEST_CASE("on loopback a device without TLS says its own name", "[grpc]") {
  OpenDoor world([](auto& with) { with.tls.reset(); });
  client::GrpcTransportOptions options;
  options.target = world.target();
  options.insecure_name = "device-1";
  CHECK(OpenDoor::join(*connect(std::move(options))).has_value());
  CHECK(world.names == std::vector<std::string>{"device-1"});
  for (const std::string& name : {std::string(), std::string(65, 'x')}) {
    options = {};
    options.target = world.target();
    options.insecure_name = name;
    CHECK(OpenDoor::join(*connect(std::move(options))).error().code == ErrorCode::kUnauthenticated);
  }
  CHECK(world.server->set_revocations("").error().code == ErrorCode::kFailedPrecondition);
}

TEST_CASE("without TLS nobody listens or connects off loopback", "[grpc]") {
  FakeDeviceApi devices;
  FakeAdminApi admin;
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:0"}) {
    GrpcServerOptions options;
    options.listen = address;
    CHECK(GrpcServer::start(std::move(options), devices, admin).error().code ==
          ErrorCode::kInvalidArgument);
    client::GrpcTransportOptions to;
    to.target = address;
    to.insecure_name = "device-1";
    CHECK(client::GrpcTransport::create(std::move(to)).error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a second server on one port fails to start", "[grpc]") {
  OpenDoor world;
  FakeDeviceApi devices;
  FakeAdminApi admin;
  GrpcServerOptions options;
  options.listen = world.target();
  CHECK(GrpcServer::start(std::move(options), devices, admin).error().code ==
        ErrorCode::kUnavailable);
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

TEST_CASE("the admin socket is its owner's alone, and one daemon's", "[grpc]") {
  GrpcWorld world;
  CHECK(mode_of(world.socket) == 0600);
  CHECK(mode_of(world.folder.path() + "/run") == 0700);
  FakeDeviceApi devices;
  FakeAdminApi admin;
  GrpcServerOptions options;
  options.admin_socket = world.socket;
  CHECK(GrpcServer::start(std::move(options), devices, admin).error().code ==
        ErrorCode::kUnavailable);
  CHECK(coordinator::connect_admin(world.socket).value()->status().has_value());
}

TEST_CASE("a socket that a killed daemon left behind is replaced", "[grpc]") {
  TestFolder folder;
  const std::string path = folder.path() + "/admin";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  close(left);
  CHECK(coordinator::connect_admin(path).error().code == ErrorCode::kUnavailable);
  GrpcWorld world([&](auto& options) { options.admin_socket = path; });
  CHECK(coordinator::connect_admin(path).value()->status().has_value());
}

TEST_CASE("a socket is not made where others may look in, nor over a file", "[grpc]") {
  TestFolder folder;
  FakeDeviceApi devices;
  FakeAdminApi admin;
  const auto start_at = [&](const std::string& path) {
    GrpcServerOptions options;
    options.admin_socket = path;
    return GrpcServer::start(std::move(options), devices, admin).error().code;
  };
  std::ofstream(folder.path() + "/file") << "precious";
  CHECK(start_at(folder.path() + "/file") == ErrorCode::kFailedPrecondition);
  CHECK(std::filesystem::file_size(folder.path() + "/file") == 8);
  CHECK(start_at(folder.path() + "/" + std::string(100, 'x')) == ErrorCode::kInvalidArgument);
  chmod(folder.path().c_str(), 0750);
  CHECK(start_at(folder.path() + "/admin") == ErrorCode::kFailedPrecondition);
}

}  // namespace
