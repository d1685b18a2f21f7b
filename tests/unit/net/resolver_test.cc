#include "relayd/net/io/resolver.h"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>

namespace tsmtp::net {
namespace {

namespace netdb = boost::asio::error;

TEST(Resolver, P5_SaysInAFewWordsWhyANameIsNotResolved) {
  const std::pair<boost::system::error_code, std::string> cases[] = {
      {netdb::host_not_found, "no such host"},
      {netdb::host_not_found_try_again, "the DNS does not answer"},
      {netdb::no_data, "the host has no address"},
      {netdb::access_denied, "Permission denied"},
  };
  for (const auto& [error, why] : cases)
    EXPECT_EQ(why_not_resolved(error), "name not resolved: " + why);
}

}  // namespace
}  // namespace tsmtp::net
