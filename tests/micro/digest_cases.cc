#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "relayd/net/tls/hmac_digest.h"
#include "tests/micro/micro.h"

namespace tsmtp::micro {
namespace {

constexpr std::size_t kPieceBytes = 16 * 1024;
constexpr std::size_t kPieces = 32;
constexpr std::size_t kAddresses = 200;

// Its key is made in a file, which is gone when this returns.
std::shared_ptr<net::HmacDigestMaker> digest_maker() {
  char directory[] = "/tmp/tsmtp-micro-XXXXXX";
  if (mkdtemp(directory) == nullptr) std::abort();
  const std::string path = std::string(directory) + "/key";
  auto maker = net::HmacDigestMaker::open(path);
  std::remove(path.c_str());
  rmdir(directory);
  if (!maker) std::abort();
  return std::move(*maker);
}

// SHA-256, without key, of `bytes` `times` over.
void plain_digest(const EVP_MD* sha256, EVP_MD_CTX* context, std::string_view bytes, std::size_t times) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  EVP_DigestInit_ex(context, sha256, nullptr);
  for (std::size_t i = 0; i < times; ++i)
    EVP_DigestUpdate(context, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context, out.data(), nullptr);
  benchmark::DoNotOptimize(out);
}

// Of all there is at once, or of its pieces as they come.
std::string digest_of(const net::HmacDigestMaker& maker, const std::string& bytes, std::size_t times) {
  if (times == 1) return maker.digest(bytes);
  const auto digest = maker.start();
  for (std::size_t i = 0; i < times; ++i)
    digest->update(bytes);
  return digest->finish();
}

// `count` digests, each of `bytes` `times` over.
Case digest_case(const char* name, const std::string& bytes, std::size_t times, std::size_t count) {
  const std::shared_ptr<EVP_MD> sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free);
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return {.name = name,
          .bytes = bytes.size() * times * count,
          .subject =
              [maker = digest_maker(), bytes, times, count] {
                for (std::size_t i = 0; i < count; ++i)
                  benchmark::DoNotOptimize(digest_of(*maker, bytes, times));
              },
          .reference =
              [sha256, context, bytes, times, count] {
                for (std::size_t i = 0; i < count; ++i)
                  plain_digest(sha256.get(), context.get(), bytes, times);
              }};
}

}  // namespace

std::vector<Case> digest_cases() {
  return {
      digest_case("digest.content", std::string(kPieceBytes, 'x'), kPieces, 1),
      digest_case("digest.address", "somebody@hub.tokyo.example\nsomebody@hub.birl.example", 1, kAddresses)};
}

}  // namespace tsmtp::micro
