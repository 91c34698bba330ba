#include "fault-injection/defective-hosts/provider_proxy.h"

namespace touchstone::defective {

struct ProviderProxy::Impl {};
ProviderProxy::ProviderProxy(Launch&, std::function<void(ProviderExchange&)>) {}
ProviderProxy::~ProviderProxy() = default;

}  // namespace touchstone::defective
