#include "checks/edge/codes.h"

namespace rollcall::checks::edge {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC601", Severity::kCritical, "the edge serves an error that no pod serves",
       "What readers reach (CDN, proxy) answers 404, a redirect or an error, twice, and every pod "
       "serves the page. A wrong answer of one pod was kept: Ghost 6.56 answers a post it does not "
       "know with 301 to /404/ and lets it be kept for a year.",
       "purge the address at the CDN; the finding names the command"},
      {"RC602", Severity::kWarning, "the edge serves older content than every pod",
       "The copy that readers get is older than what any pod serves, and the change is older than "
       "checks.edge.allowed_age. Ghost's purge (X-Cache-Invalidate) does not reach the CDN, or its "
       "lifetime is longer than you meant.",
       "purge the address at the CDN; let Ghost's X-Cache-Invalidate reach it"},
      {"RC603", Severity::kCritical, "the edge serves what is no longer public",
       "A post or page was unpublished or deleted, no pod serves it, and readers still get it from "
       "the CDN after checks.edge.allowed_age.",
       "purge the address at the CDN; the finding names the command"},
      {"RC604", Severity::kWarning, "the edge answers one question in two ways",
       "Asked again within seconds, the edge failed after it had served the page. Behind it is a "
       "stale pod, a pod that Rollcall does not know, or a cache node that kept an error.",
       "look for pods behind the edge that Rollcall does not list (kubectl get endpointslices), "
       "restart stale ones, then purge the address"},
      {"RC605", Severity::kWarning, "the edge's certificate expires soon",
       "The TLS certificate that readers get ends within checks.edge.certificate_days. What renews "
       "it has not done so.",
       "look at what renews it: kubectl get certificate --all-namespaces, or the CDN's console"},
      {"RC606", Severity::kCritical, "the edge's certificate is not valid now",
       "The TLS certificate that readers get has expired or is not valid yet: browsers refuse the "
       "site.",
       "renew it: kubectl get certificate --all-namespaces, or the CDN's console"},
      {"RC607", Severity::kCritical, "the edge's certificate is for another host",
       "The TLS certificate that readers get does not name the site's host: browsers refuse the "
       "site. Often the ingress shows its default certificate.",
       "compare the names in the certificate with the host in the Ingress's tls: section"},
      {"RC608", Severity::kWarning, "http does not lead to https",
       "The site is an https site, and the edge shows pages over plain http instead of redirecting "
       "to https.",
       "switch the redirect on in the CDN or the ingress (ssl-redirect)"},
      {"RC609", Severity::kInfo, "the CDN cannot keep the pages",
       "A CDN is there, and the pages' Cache-Control forbids or does not allow it to keep them: "
       "each reader is a request to a pod. Ghost sends max-age=0 unless caching.frontend.maxAge is "
       "set; members' pages are private.",
       "set caching.frontend.maxAge in Ghost's configuration, or a lifetime in the CDN, if that "
       "was not meant"},
      {"RC610", Severity::kInfo, "pages leave the edge uncompressed",
       "A page of some size was asked for with Accept-Encoding: gzip and came without compression.",
       "switch compression on in the CDN or the ingress (use-gzip), or Ghost's own (compress: "
       "true)"},
      {"RC611", Severity::kWarning, "the edge sets a cookie on a page that may be kept",
       "The answer may be kept by caches and carries Set-Cookie: a cache hands one reader's cookie "
       "to all, or refuses to keep the page.",
       "find who sets the cookie (ingress session affinity, a plug-in) and take it from public "
       "pages"},
  };
  return table;
}

}  // namespace rollcall::checks::edge
