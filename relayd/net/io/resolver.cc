#include "relayd/net/io/resolver.h"

#include <boost/asio/post.hpp>

#include "relayd/net/io/shortage.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr char kNotResolved[] = "name not resolved: ";

}  // namespace

// The C library's own words are longer than mailq is wide.
std::string why_not_resolved(const error_code& error) {
  namespace netdb = boost::asio::error;
  if (error == netdb::host_not_found) return std::string(kNotResolved) + "no such host";
  if (error == netdb::host_not_found_try_again) return std::string(kNotResolved) + "the DNS does not answer";
  if (error == netdb::no_data) return std::string(kNotResolved) + "the host has no address";
  return kNotResolved + cause_of(error);
}

void SystemResolver::resolve(const base::HostPort& name, Done done) {
  cancel();
  wanted_ = std::make_shared<bool>(true);
  const auto answer = [wanted = wanted_, done = std::move(done)](base::Result<Addresses> found) {
    if (*wanted) done(std::move(found));
  };
  const auto later = [this, &answer](base::Result<Addresses> found) {
    boost::asio::post(resolver_.get_executor(),
                      [answer, found = std::move(found)]() mutable { answer(std::move(found)); });
  };
  error_code is_a_name;
  const auto address = boost::asio::ip::make_address(name.host, is_a_name);
  if (!is_a_name) return later(base::Result<Addresses>(Addresses{tcp::endpoint(address, name.port)}));
  try {
    resolver_.async_resolve(name.host, std::to_string(name.port),
                            [answer](const error_code& error, const auto& found) {
                              if (error) return answer(base::Error{why_not_resolved(error)});
                              answer(base::Result<Addresses>(Addresses(found.begin(), found.end())));
                            });
  } catch (const boost::system::system_error& failed) {
    // Asio looks names up in a thread of its own, which it makes when it needs it first, and tries again the
    // next time.
    later(base::Error{kNotResolved + no_thread(failed.code().message())});
  }
}

void SystemResolver::cancel() {
  if (wanted_) *wanted_ = false;
  resolver_.cancel();
}

}  // namespace tsmtp::net
