#pragma once

#include <grpcpp/support/channel_arguments.h>

namespace covey::channel {

// Limits and pings of a device's channel; configure_server() sets those of the coordinator.
grpc::ChannelArguments channel_arguments();

}  // namespace covey::channel
