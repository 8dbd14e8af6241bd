#pragma once

#include <string>

#include "covey/base/result.h"

// The socket that operators reach the daemon by. Who may open it is what protects it, so its folder
// is the daemon's user's alone.
namespace covey::coordinator::local_socket {

// Somebody accepts connections there. kInvalidArgument for a path that no socket can have.
Result<bool> is_listened_on(const std::string& path);

// Makes the folder (mode 0700) when it is not there, and removes a socket that a daemon left
// behind. kFailedPrecondition when the folder is open to others or something else has that name,
// kUnavailable when another daemon listens there.
Status make_room(const std::string& path);

// Once it is there: mode 0600.
Status restrict_to_owner(const std::string& path);

}  // namespace covey::coordinator::local_socket
