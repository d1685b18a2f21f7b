// OpenSSL's errors in plain words, over all reasons of the libraries that a link and a key go through.
#include "relayd/net/tls/openssl_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

namespace tsmtp::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(OpensslError, OfEveryReasonInWords) {
  OPENSSL_init_ssl(0, nullptr);
  int known = 0;
  for (const int library : {ERR_LIB_SSL, ERR_LIB_PEM, ERR_LIB_X509, ERR_LIB_EVP, ERR_LIB_ASN1, ERR_LIB_EC,
                            ERR_LIB_BIO, ERR_LIB_PROV, ERR_LIB_OSSL_DECODER})
    for (int reason = 1; reason < 1300; ++reason) {
      const unsigned long code = ERR_PACK(library, 0, reason);
      const bool has_words = ERR_reason_error_string(code) != nullptr;
      known += has_words ? 1 : 0;
      EXPECT_THAT(openssl_error(code), AllOf(Not(IsEmpty()), Not(HasSubstr("0x")), Not(HasSubstr("error:")),
                                             Not(HasSubstr(".c:"))))
          << library << ' ' << reason;
    }
  EXPECT_GT(known, 500);
}

// Every alert that another end can send us has words of ours.
TEST(OpensslError, OfEveryAlert) {
  for (const int alert :
       {10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 90, 112, 116, 120}) {
    const std::string words = openssl_error(ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + alert));
    EXPECT_THAT(words, Not(HasSubstr("sslv3"))) << alert;
    EXPECT_THAT(words, Not(HasSubstr("tlsv1"))) << alert;
  }
}

TEST(OpensslError, TakesTheOldestAndEmptiesTheQueue) {
  ERR_clear_error();
  EXPECT_EQ(openssl_error(), "no reason given");
  ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER);
  ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
  EXPECT_EQ(openssl_error(), "it does not speak TLS");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace tsmtp::net
