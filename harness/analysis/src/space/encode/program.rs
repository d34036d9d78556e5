//! Programs, step by step.

use peerwarden_engine::meaning::Rule;
use peerwarden_engine::resource::MtlsMode;
use peerwarden_engine::{Program, Protocol, RuleId};

use super::rule::{MatchAssumption, UnestablishedReading};
use crate::LimitExceeded;
use crate::attribute::Attribute;
use crate::diagram::{FALSE, Function, TRUE};
use crate::predicate;
use crate::space::{Kind, Space};

/// The traffic that each step of a program allows by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    /// The filter ahead, which verifies tokens.
    pub(crate) tokens: Function,
    /// The mutual TLS mode.
    pub(crate) mode: Function,
    /// CUSTOM.
    pub(crate) custom: Function,
    /// DENY.
    pub(crate) deny: Function,
    /// ALLOW.
    pub(crate) allow: Function,
}

impl Space {
    pub(crate) fn steps(&mut self, program: &Program) -> Result<Steps, LimitExceeded> {
        let denied = self.any(
            program.deny_rules(),
            UnestablishedReading::of(program, MatchAssumption::Matches),
        )?;
        Ok(Steps {
            tokens: self.admitted_by_tokens(program)?,
            mode: self.admitted_by_mode(program)?,
            custom: self.admitted_by_authorizers(program)?,
            deny: self.diagrams.not(denied)?,
            allow: match program.allow_rules() {
                Some(rules) => self.any(
                    rules,
                    UnestablishedReading::of(program, MatchAssumption::DoesNotMatch),
                )?,
                None => TRUE,
            },
        })
    }

    fn any<'p>(
        &mut self,
        rules: impl Iterator<Item = (&'p RuleId, &'p Rule)>,
        doubts: UnestablishedReading,
    ) -> Result<Function, LimitExceeded> {
        let matched: Result<Vec<Function>, LimitExceeded> =
            rules.map(|(_, rule)| self.matched(rule, doubts)).collect();
        self.diagrams.any(&matched?)
    }

    /// Without a token, or with one that a rule accepts.
    fn admitted_by_tokens(&mut self, program: &Program) -> Result<Function, LimitExceeded> {
        let Some(accepted) = program.accepted_tokens() else {
            return Ok(TRUE);
        };
        let claims = self.claims()?.into_iter().map(|(_, some)| some);
        let with_token = self.diagrams.any(&claims.collect::<Vec<_>>())?;
        let (mut admitted, mut named) = (vec![self.diagrams.not(with_token)?], Vec::new());
        let mut unnamed = Vec::new();
        for token in accepted {
            let audience = if token.audiences.is_empty() {
                TRUE
            } else {
                self.half(&predicate::of_audiences(&token.audiences))?
            };
            if token.issuer.is_empty() {
                unnamed.push(audience);
                continue;
            }
            let issuer = self.half(&[predicate::of_issuer(&token.issuer)])?;
            admitted.push(self.diagrams.and(issuer, audience)?);
            named.push(issuer);
        }
        // A rule without an issuer is for issuers that no other rule names.
        let (named, unnamed) = (self.diagrams.any(&named)?, self.diagrams.any(&unnamed)?);
        admitted.push(self.diagrams.without(unnamed, named)?);
        self.diagrams.any(&admitted)
    }

    fn admitted_by_mode(&mut self, program: &Program) -> Result<Function, LimitExceeded> {
        let index = self.by_attribute[&Attribute::Port];
        let ports: Vec<u16> = match &self.dimensions[index].kind {
            Kind::One(classes) => classes.iter().filter_map(|class| class.sample.port()).collect(),
            Kind::Several(_) => Vec::new(),
        };
        let mut of_mode = |wanted| {
            let has = |port: &u16| program.mtls_mode(*port).0 == wanted;
            let numbers = ports.iter().enumerate().filter(|(_, port)| has(port));
            let numbers: Vec<usize> = numbers.map(|(number, _)| number).collect();
            self.class_set(index, &numbers)
        };
        let (strict, disabled) = (of_mode(MtlsMode::Strict)?, of_mode(MtlsMode::Disable)?);
        let no_peer = self.no_peer()?;
        let unencrypted = match program.protocol() {
            Protocol::Http => self.plaintext()?,
            Protocol::Tcp => no_peer,
        };
        let refused_by_strict = self.diagrams.and(strict, no_peer)?;
        let refused_by_disable = self.diagrams.without(disabled, unencrypted)?;
        let refused = self.diagrams.or(refused_by_strict, refused_by_disable)?;
        self.diagrams.not(refused)
    }

    /// What each authorizer that is asked lets pass.
    fn admitted_by_authorizers(&mut self, program: &Program) -> Result<Function, LimitExceeded> {
        let mut refused = Vec::new();
        for custom in program.custom() {
            let doubts = UnestablishedReading::of(program, MatchAssumption::Matches);
            let asked = self.any(custom.rules(), doubts)?;
            let mut says_yes = FALSE;
            if let Some((provider, authorizer)) = custom.provider() {
                let index = self.by_attribute[&Attribute::Authorizer(provider.to_owned())];
                let answers: &[usize] = if authorizer.service().fail_open {
                    &[0, 2]
                } else {
                    &[0]
                };
                says_yes = self.class_set(index, answers)?;
            }
            refused.push(self.diagrams.without(asked, says_yes)?);
        }
        let refused = self.diagrams.any(&refused)?;
        self.diagrams.not(refused)
    }

    fn no_peer(&mut self) -> Result<Function, LimitExceeded> {
        self.class_set(self.by_attribute[&Attribute::Peer], &[0, 1])
    }
}
