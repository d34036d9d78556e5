//! Hand-written texts and their results.

use super::tidied;
use crate::source::Source;
use crate::tidy::{same, tidy};

#[test]
fn what_people_write() {
    let text = "\
# about the policy
kind:   AuthorizationPolicy   # the kind
apiVersion: \"security.istio.io/v1\"


metadata: {name: \"x\",   namespace: shop}
spec:
    # before the rules
    rules:
        - from:
              # who
              - source: {principals: ['a', # first
                   \"b\"]}
          to:
          - operation:
               paths: [\"/a\",'/b']
               methods: [\"GET\", \"*\"]
        # between
        - when:
          - key: request.headers[x]
            values: [\"yes\", '1', 'on']
# the end
---

kind: X
";
    let expected = "\
# about the policy
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy # the kind
metadata: {name: x, namespace: shop}
spec:
  # before the rules
  rules:
  - from:
    # who
    - source: {
        principals: [
          a, # first
          b
        ]
      }
    to:
    - operation:
        paths: [/a, /b]
        methods: [\"GET\", \"*\"]
  # between
  - when:
    - key: request.headers[x]
      values: [\"yes\", \"1\", \"on\"]
# the end
---
kind: X
";
    assert_eq!(tidied("policy.yaml", text), expected);
}

#[test]
fn tables_are_put_into_columns() {
    let text = "\
workload: {namespace: shop}
matrix:
- requests: [list, \"a, b\", x]
  expect:
    frontend: [allow,deny,   allow]
    the other one: [deny, deny, deny]
- requests: [
    list, # one
  ]
  expect: {frontend: [allow]}
";
    let expected = "\
workload: {namespace: shop}
matrix:
- requests:        [list,  \"a, b\", x]
  expect:
    frontend:      [allow, deny,   allow]
    the other one: [deny,  deny,   deny]
- requests: [
    list # one
  ]
  expect: {frontend: [allow]}
";
    assert_eq!(tidied("a_test.yaml", text), expected);
}

#[test]
fn what_stands_between_keys_goes_with_the_key_below() {
    let text = "\
spec: {}
# whose it is
metadata: {name: a, namespace: b}
kind: K
# the version
apiVersion: v1
---
kind: K
spec: {}
apiVersion: v1
";
    let expected = "\
# the version
apiVersion: v1
kind: K
# whose it is
metadata: {name: a, namespace: b}
spec: {}
---
apiVersion: v1
kind: K
spec: {}
";
    assert_eq!(tidied("a.yaml", text), expected);
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    let wrong = tidy(&Source::new("a.yaml", "a: [1\nb: 2\n")).unwrap_err();
    assert!(wrong.place.is_some(), "{wrong:?}");
}

/// The formatter would move the comma into the comment.
#[test]
fn what_cannot_be_laid_out_safely_is_left() {
    let wrong = tidy(&Source::new("a.yaml", "a: {k0: [['x' # one\n  ,y]]   }\n")).unwrap_err();
    assert!(
        wrong.message.starts_with("a.yaml: it cannot be formatted: "),
        "{wrong:?}"
    );
}

#[test]
fn a_change_of_meaning_or_a_lost_comment_is_noticed() {
    let before = Source::new("a.yaml", "a: 1 # one\nb: [x, \"1\"]\n");
    assert_eq!(same::difference(&before, "b: [x, '1'] # one\na:   1\n"), None);
    for after in [
        "a: 1\nb: [x, \"1\"]\n",
        "a: 1 # two\nb: [x, \"1\"]\n",
        "a: 1 # one\nb: [x, 1]\n",
        "a: 1 # one\nb: [\"1\", x]\n",
        "a: 1 # one\n",
        "a: 1 # one\nb: [x, \"1\"]\n---\nc: 1\n",
        "a: [1 # one\n",
    ] {
        assert!(same::difference(&before, after).is_some(), "{after}");
    }
}
