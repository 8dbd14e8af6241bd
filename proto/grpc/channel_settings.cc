#include "proto/grpc/channel_settings.h"

#include <grpc/grpc.h>
#include <grpcpp/server_builder.h>

#include <string>
#include <utility>
#include <vector>

#include "covey/proto/channel.h"

namespace covey::channel {
namespace {

using Settings = std::vector<std::pair<const char*, int>>;

// Either side pings a connection that has been silent for so long, and gives it up when no answer
// comes. The coordinator tolerates pings twice as frequent, so that no jitter in the network gets a
// device cut off for pinging too often.
constexpr int kPingIntervalMs = 60'000;
constexpr int kPingAnswerMs = 20'000;
constexpr int kMinToleratedIntervalMs = kPingIntervalMs / 2;

// A device that lost its connection tries again soon, and an attempt that hangs is given up: gRPC's
// own defaults leave a device away for a minute after a coordinator's restart of a second.
constexpr int kFirstReconnectDelayMs = 500;
constexpr int kConnectPatienceMs = 10'000;

// A peer that does not finish its handshake (TLS, then HTTP/2's settings) in this time is left, in
// place of gRPC's two minutes.
constexpr int kHandshakePatienceMs = 20'000;

// Of a call's headers; a device's have a few hundred bytes. What is beyond is not kept.
constexpr int kMaxHeaderBytes = 4096;
constexpr int kMaxReconnectDelayMs = 10'000;

Settings shared_settings() {
  const int max_bytes = static_cast<int>(kMaxMessageBytes);
  return {
      {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, max_bytes},
      {GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, max_bytes},
      {GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingAnswerMs},
      {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},  // no limit: a call may wait long for its answer
  };
}

// No call is open while a device trains, and then it sends no pings either: nothing wakes its
// radio.
//
// BDP_PROBE: with it gRPC lets the coordinator send megabytes ahead of what the device has read
// (16 MiB in 1.51), for which a link of 256 kbit/s takes minutes. No answer to a ping gets past
// them, and the coordinator gives up a connection that gets on. Without it the part that is under
// way is sent ahead, and no more.
Settings device_settings() {
  Settings settings = shared_settings();
  settings.insert(settings.end(), {{GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0},
                                   {GRPC_ARG_HTTP2_BDP_PROBE, 0},
                                   {GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectDelayMs},
                                   {GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectPatienceMs},
                                   {GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectDelayMs}});
  return settings;
}

// PERMIT_WITHOUT_CALLS: a ping that was sent before a call ended may arrive after it. Two
// coordinators on one port would each get half of the devices: the second must fail to start.
Settings coordinator_settings() {
  Settings settings = shared_settings();
  settings.insert(settings.end(),
                  {{GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
                   {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinToleratedIntervalMs},
                   {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakePatienceMs},
                   {GRPC_ARG_MAX_METADATA_SIZE, kMaxHeaderBytes},
                   {GRPC_ARG_ALLOW_REUSEPORT, 0}});
  return settings;
}

}  // namespace

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  for (const auto& [name, value] : device_settings()) arguments.SetInt(name, value);
  return arguments;
}

void configure_server(grpc::ServerBuilder& builder) {
  for (const auto& [name, value] : coordinator_settings()) {
    builder.AddChannelArgument(name, value);
  }
}

}  // namespace covey::channel
