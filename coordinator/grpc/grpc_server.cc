#include "covey/coordinator/grpc_server.h"

#include <grpcpp/grpcpp.h>

#include "coordinator/grpc/admin_service.h"
#include "coordinator/grpc/device_service.h"
#include "coordinator/grpc/local_socket.h"
#include "covey/proto/channel.h"
#include "covey/proto/peer_authenticator.h"

namespace covey::coordinator {
namespace {

using Server = std::unique_ptr<grpc::Server>;

// For the connections themselves: some 10,000 devices at a few KiB.
constexpr std::size_t kConnectionBytes = std::size_t{256} << 20;

Result<Server> start_device_server(const GrpcServerOptions& options, DeviceService& service,
                                   int& port) {
  COVEY_ASSIGN_OR_RETURN(const auto credentials,
                         options.tls ? channel::tls_server_credentials(*options.tls)
                                     : channel::insecure_server_credentials(options.listen));
  grpc::ServerBuilder builder;
  channel::configure_server(builder);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_calls_per_connection);
  // What gRPC itself holds of messages that are not whole yet, over all connections.
  grpc::ResourceQuota quota("devices");
  quota.Resize(options.max_bytes_in_flight + kConnectionBytes);
  builder.SetResourceQuota(quota);
  builder.AddListeningPort(options.listen, credentials, &port);
  builder.RegisterService(&service);
  Server server = builder.BuildAndStart();
  if (server != nullptr && port != 0) return server;
  return Error{ErrorCode::kUnavailable,
               "cannot listen on " + options.listen +
                   ": another program does, or this machine has no such address"};
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
  State(const GrpcServerOptions& options, std::unique_ptr<channel::PeerAuthenticator> with,
        DeviceApi& device_api, AdminApi& admin_api)
      : authenticator(std::move(with)),
        watch(options.idle),
        budget(options.max_bytes_in_flight),
        devices(device_api, authenticator.get(), options.on_refused, watch, budget),
        admin(admin_api) {}

  std::unique_ptr<channel::PeerAuthenticator> authenticator;  // null without TLS
  StreamWatch watch;
  ByteBudget budget;
  DeviceService devices;
  AdminService admin;
  int port = 0;
  Server device_server;  // the servers last, so that they end first
  Server admin_server;   // null without a socket
};

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(GrpcServerOptions options,
                                                      DeviceApi& device_api, AdminApi& admin_api) {
  if (options.idle.count() <= 0 || options.max_calls_per_connection <= 0) {
    return invalid_argument("expected an idle time and a number of calls above zero");
  }
  std::unique_ptr<channel::PeerAuthenticator> authenticator;
  if (options.tls) {
    COVEY_ASSIGN_OR_RETURN(authenticator,
                           channel::PeerAuthenticator::create(options.tls->authorities_pem));
    if (!options.revocations_pem.empty()) {
      COVEY_RETURN_IF_ERROR(authenticator->set_revocations(options.revocations_pem));
    }
  }
  std::unique_ptr<GrpcServer> server(new GrpcServer(
      std::make_unique<State>(options, std::move(authenticator), device_api, admin_api)));
  State& state = *server->state_;
  COVEY_ASSIGN_OR_RETURN(state.device_server,
                         start_device_server(options, state.devices, state.port));
  if (!options.admin_socket.empty()) {
    COVEY_ASSIGN_OR_RETURN(state.admin_server,
                           start_admin_server(options.admin_socket, state.admin));
  }
  return server;
}

GrpcServer::GrpcServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrpcServer::~GrpcServer() { stop(std::chrono::milliseconds(0)); }

std::uint16_t GrpcServer::port() const { return static_cast<std::uint16_t>(state_->port); }

Status GrpcServer::set_revocations(std::string_view list_pem) {
  if (state_->authenticator != nullptr) return state_->authenticator->set_revocations(list_pem);
  return Error{ErrorCode::kFailedPrecondition,
               "without TLS there are no certificates, and none to revoke"};
}

void GrpcServer::stop(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::system_clock::now() + patience;
  if (state_->device_server != nullptr) state_->device_server->Shutdown(deadline);
  if (state_->admin_server != nullptr) state_->admin_server->Shutdown(deadline);
}

}  // namespace covey::coordinator
