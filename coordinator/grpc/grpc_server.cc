#include "covey/coordinator/grpc_server.h"

#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>

#include "coordinator/grpc/admin_service.h"
#include "coordinator/grpc/device_service.h"
#include "coordinator/grpc/device_wire.h"
#include "coordinator/grpc/door.h"
#include "coordinator/grpc/local_socket.h"
#include "covey/proto/channel.h"
#include "covey/proto/peer_authenticator.h"

namespace covey::coordinator {
namespace {

using Server = std::unique_ptr<grpc::Server>;

// For the connections themselves: some 10,000 devices at a few KiB.
constexpr std::size_t kConnectionBytes = std::size_t{256} << 20;

// Descriptors for all but devices: files, the operators' socket, gRPC's own.
constexpr std::size_t kOwnDescriptors = 256;
// A connection takes about 26 KiB before its handshake, and up to 90 KiB in it, outside of gRPC's
// quota. At 1,000 strangers a second each has two seconds for its handshake.
constexpr std::size_t kMostStrangers = 2048;

// The largest message and what goes around it. gRPC 1.51 keeps no count of calls that are taken
// back as soon as they are made, each of which takes 3 KiB until it has got rid of it.
constexpr std::uint64_t kIdleBytes = federation::kMaxMessageBytes / 4 * 5;

std::size_t most_connections(const GrpcServerOptions& options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1024;
  const std::size_t descriptors = limit.rlim_cur;
  const std::size_t most =
      descriptors > 2 * kOwnDescriptors ? descriptors - kOwnDescriptors : descriptors / 2;
  return options.max_connections == 0 ? most : std::min(most, options.max_connections);
}

ConnectionBook::Limits connection_limits(const GrpcServerOptions& options) {
  const std::size_t most = most_connections(options);
  return {.connections = most,
          .strangers = std::clamp<std::size_t>(most / 2, 1, kMostStrangers),
          .per_device = options.max_connections_per_device,
          .first_call = options.idle,
          .idle_bytes = kIdleBytes,
          .kept_out = options.idle};
}

using Credentials = std::shared_ptr<grpc::ServerCredentials>;
using Acceptor = std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor>;

Result<Credentials> device_credentials(const GrpcServerOptions& options) {
  return options.tls ? channel::tls_server_credentials(*options.tls)
                     : channel::insecure_server_credentials(options.listen);
}

// Connections come to it through `acceptor`.
Server start_device_server(const GrpcServerOptions& options, const Credentials& credentials,
                           DeviceService& service, Acceptor& acceptor) {
  grpc::ServerBuilder builder;
  channel::configure_server(builder);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_calls_per_connection);
  // What gRPC itself holds of messages that are not whole yet, over all connections.
  grpc::ResourceQuota quota("devices");
  quota.Resize(options.max_bytes_in_flight + kConnectionBytes);
  builder.SetResourceQuota(quota);
  using Builder = grpc::ServerBuilder::experimental_type;
  acceptor = builder.experimental().AddExternalConnectionAcceptor(
      Builder::ExternalConnectionType::FROM_FD, credentials);
  builder.RegisterService(&service);
  return builder.BuildAndStart();
}

Result<Server> start_admin_server(const std::string& socket, AdminService& service) {
  COVEY_RETURN_IF_ERROR(local_socket::make_room(socket));
  grpc::ServerBuilder builder;
  channel::configure_server(builder);
  int is_bound = 0;
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials(), &is_bound);
  builder.RegisterService(&service);
  Server server = builder.BuildAndStart();
  if (server == nullptr || is_bound == 0) {
    return Error{ErrorCode::kUnavailable, "cannot listen on the socket " + socket};
  }
  COVEY_RETURN_IF_ERROR(local_socket::restrict_to_owner(socket));
  return server;
}

}  // namespace

struct GrpcServer::State {
  State(const GrpcServerOptions& options, std::unique_ptr<Door> at,
        std::unique_ptr<channel::PeerAuthenticator> with, DeviceApi& device_api,
        AdminApi& admin_api)
      : door(std::move(at)),
        authenticator(std::move(with)),
        watch(options.idle),
        budget(options.max_bytes_in_flight),
        devices(device_api, *door, authenticator.get(), options.on_refused, watch, budget),
        admin(admin_api) {}

  void let_in(int listening, int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.listener_fd = listening;
    parameters.fd = connection;
    acceptor->HandleNewConnection(&parameters);
  }

  const std::unique_ptr<Door> door;
  std::unique_ptr<channel::PeerAuthenticator> authenticator;  // null without TLS
  StreamWatch watch;
  ByteBudget budget;
  DeviceService devices;
  AdminService admin;
  Acceptor acceptor;
  Server device_server;  // the servers last, so that they end first
  Server admin_server;   // null without a socket
};

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(GrpcServerOptions options,
                                                      DeviceApi& device_api, AdminApi& admin_api) {
  if (options.idle.count() <= 0 || options.max_calls_per_connection <= 0 ||
      options.max_connections_per_device == 0) {
    return invalid_argument("expected an idle time and numbers of calls above zero");
  }
  device_wire::keep_protobuf_silent();
  std::unique_ptr<channel::PeerAuthenticator> authenticator;
  if (options.tls) {
    COVEY_ASSIGN_OR_RETURN(authenticator,
                           channel::PeerAuthenticator::create(options.tls->authorities_pem));
    if (!options.revocations_pem.empty()) {
      COVEY_RETURN_IF_ERROR(authenticator->set_revocations(options.revocations_pem));
    }
  }
  COVEY_ASSIGN_OR_RETURN(const Credentials credentials, device_credentials(options));
  COVEY_ASSIGN_OR_RETURN(
      auto door, Door::create(options.listen, connection_limits(options), options.on_refused));
  std::unique_ptr<GrpcServer> server(new GrpcServer(std::make_unique<State>(
      options, std::move(door), std::move(authenticator), device_api, admin_api)));
  State& state = *server->state_;
  state.device_server = start_device_server(options, credentials, state.devices, state.acceptor);
  if (state.device_server == nullptr) {
    return Error{ErrorCode::kUnavailable, "gRPC cannot serve devices"};
  }
  if (!options.admin_socket.empty()) {
    COVEY_ASSIGN_OR_RETURN(state.admin_server,
                           start_admin_server(options.admin_socket, state.admin));
  }
  state.door->open(
      [&state](int listening, int connection) { state.let_in(listening, connection); });
  return server;
}

GrpcServer::GrpcServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrpcServer::~GrpcServer() { stop(std::chrono::milliseconds(0)); }

std::uint16_t GrpcServer::port() const { return state_->door->port(); }

Status GrpcServer::set_revocations(std::string_view list_pem) {
  if (state_->authenticator != nullptr) return state_->authenticator->set_revocations(list_pem);
  return Error{ErrorCode::kFailedPrecondition,
               "without TLS there are no certificates, and none to revoke"};
}

void GrpcServer::stop(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::system_clock::now() + patience;
  state_->door->close();
  if (state_->device_server != nullptr) state_->device_server->Shutdown(deadline);
  if (state_->admin_server != nullptr) state_->admin_server->Shutdown(deadline);
}

}  // namespace covey::coordinator
