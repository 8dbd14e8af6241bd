#include "covey/coordinator/group_options.h"

namespace covey::coordinator {

secagg::CoordinatorOptions group_options(const plan::Plan& plan, secagg::GroupContext context,
                                         std::size_t members) {
  const plan::SecureSettings& secure = plan.secure;
  secagg::CoordinatorOptions options;
  options.context = std::move(context);
  options.maximum_devices = static_cast<std::uint32_t>(members);
  options.minimum_devices = secure.minimum_devices;
  options.minimum_survivors = secure.minimum_survivors;
  options.requirements.corrupt_fraction = secure.corrupt_fraction;
  options.requirements.dropout_fraction = secure.dropout_fraction;
  options.requirements.coordinator = secure.coordinator;
  options.requirements.security_bits = secure.security_bits;
  options.requirements.completion_bits = secure.completion_bits;
  return options;
}

}  // namespace covey::coordinator
