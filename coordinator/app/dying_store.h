#pragma once

#include <memory>
#include <span>

#include "coordinator/app/death_point.h"
#include "covey/coordinator/store.h"

namespace covey::coordinator {

// The operations of a store that make something durable, by name: "commit". Between two of them a
// kill leaves the disk as it is, whatever else the process was about to do.
std::span<const std::string_view> durable_operations();

// Hands every call on, and dies where it is told to. A commit counts when something was put since
// the last one, any other operation whenever it is called; after an operation that failed nobody
// dies.
std::unique_ptr<Store> make_dying_store(std::unique_ptr<Store> store, const DeathPoint& point);

}  // namespace covey::coordinator
