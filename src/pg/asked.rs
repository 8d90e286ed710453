//! What a statement asks of the views over visits: conditions on a view's columns become arguments of the function below it.
//!
//! The planner pushes no condition into a function, so that a question about one visitor would read all events. This support function
//! looks up what the planner has noted of the view around it. The conditions stay where they are: what is passed down only spares rows
//! that they would drop, so it is always right to pass down less.
//!
//! A view reads `FROM mrcall_internal.asked_visits(mrcall_internal.view_mark())`. While its body is inlined, the mark becomes a number of
//! its own, which stands in the planner's copy of the body and in the one that is being planned: by it the one finds the other.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag;

use super::asked_joined;

/// The arguments of `asked_visit_rows`, in their order.
const ARGUMENTS: usize = 7;
const MARK: usize = 0;
const VISITORS: usize = 1;
const STARTED_SINCE: usize = 2;
const STARTED_UNTIL: usize = 3;
const TOUCHED_SINCE: usize = 4;
const TOUCHED_UNTIL: usize = 5;
const WITH_NUMBERS: usize = 6;

/// The server's operator families `text_ops` and `datetime_ops` of B-trees, and their strategies.
const TEXT_OPS: pg_sys::Oid = pg_sys::Oid::from_u32(1994);
const DATETIME_OPS: pg_sys::Oid = pg_sys::Oid::from_u32(434);
const EQUAL: c_int = 3;

/// The largest expression that is passed down, by its depth.
const MAX_DEPTH: usize = 16;
/// Days and microseconds since 2000 that an instant can have: no cast of them fails.
const DAYS: core::ops::Range<i64> = -2_400_000..100_000_000;

static LAST_MARK: AtomicI32 = AtomicI32::new(0);

/// Of so many visitors a join may name that the events are read by them; one more stands for all. A mark that is no view's says so.
pub const MAX_JOINED: i64 = 5000;
pub const IS_JOINED: i32 = -1;

/// What the view is asked for, each NULL where nothing is said.
#[derive(Clone, Copy)]
struct Asked {
    arguments: [*mut pg_sys::Node; ARGUMENTS],
    with_numbers: bool,
    names_visitors: bool,
    is_joined: bool,
}

/// # Safety
/// The node is one of the planner's, or NULL.
pub unsafe fn is(node: *const pg_sys::Node, tag: NodeTag) -> bool {
    // SAFETY: every node begins with its tag.
    unsafe { node.as_ref() }.is_some_and(|node| node.type_ == tag)
}

pub unsafe fn length(list: *const pg_sys::List) -> usize {
    // SAFETY: NIL or a list of the server's.
    unsafe { list.as_ref() }.map_or(0, |list| usize::try_from(list.length).unwrap_or_default())
}

/// The element of a list of nodes, NULL behind its end.
pub unsafe fn element<T>(list: *const pg_sys::List, index: usize) -> *mut T {
    // SAFETY: NIL or a list of the server's; its length is looked at.
    unsafe { if index < length(list) { (*(*list).elements.add(index)).ptr_value.cast() } else { null_mut() } }
}

/// A support function: its argument is the planner's request, its result a node or NULL for "no answer".
pub unsafe fn support(info: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the planner calls a support function with one argument, a request of its own that lives through the call.
    unsafe {
        let request = (*(*info).args.as_ptr()).value.cast_mut_ptr::<pg_sys::Node>();
        let answer = if is(request, NodeTag::T_SupportRequestSimplify) {
            let request = request.cast::<pg_sys::SupportRequestSimplify>();
            simplified((*request).root, (*request).fcall)
        } else if is(request, NodeTag::T_SupportRequestRows) {
            let request = request.cast::<pg_sys::SupportRequestRows>();
            estimate((*request).node).map_or(null_mut(), |rows| {
                (*request).rows = rows;
                request.cast()
            })
        } else {
            null_mut()
        };
        pg_sys::Datum::from(answer)
    }
}

/// Rows of `asked_visit_rows` where it is asked for some visitors, or for some time.
unsafe fn estimate(call: *mut pg_sys::Node) -> Option<f64> {
    // SAFETY: a node of the planner's.
    unsafe {
        if !is(call, NodeTag::T_FuncExpr) {
            return None;
        }
        let args = (*call.cast::<pg_sys::FuncExpr>()).args;
        let is_said = |i| {
            let arg: *mut pg_sys::Node = element(args, i);
            !(arg.is_null() || is(arg, NodeTag::T_Const) && (*arg.cast::<pg_sys::Const>()).constisnull)
        };
        if length(args) != ARGUMENTS {
            None
        } else if is_said(VISITORS) {
            Some(10.0)
        } else if (STARTED_SINCE..=TOUCHED_UNTIL).any(is_said) {
            Some(10_000.0)
        } else {
            None
        }
    }
}

unsafe fn simplified(root: *mut pg_sys::PlannerInfo, call: *mut pg_sys::FuncExpr) -> *mut pg_sys::Node {
    // SAFETY: nodes of the planner's; what is made is in its memory.
    unsafe {
        if (*call).args.is_null() {
            let mark = LAST_MARK.load(Relaxed) % i32::MAX + 1;
            LAST_MARK.store(mark, Relaxed);
            return int4(mark);
        }
        let mark = mark_of(call);
        if mark <= 0 || root.is_null() || (*root).parent_root.is_null() {
            return null_mut();
        }
        // The query that calls the function is within the one that takes its row apart; around that is the view.
        let around = (*(*root).parent_root).parent_root;
        let Some((rel, rte)) = find(around, (*call).funcid, mark) else { return null_mut() };
        let mut asked = read(rel, rte, (*call).args);
        if !asked.names_visitors {
            asked.join(around, rel, rte, (*call).funcid, root);
        }
        let mut args: *mut pg_sys::List = null_mut();
        for (i, argument) in asked.arguments.into_iter().enumerate() {
            let argument = match i {
                MARK => int4(if asked.is_joined { IS_JOINED } else { 0 }),
                WITH_NUMBERS => pg_sys::makeBoolConst(asked.with_numbers, false),
                _ => argument,
            };
            args = pg_sys::lappend(args, argument.cast());
        }
        let new = pg_sys::copyObjectImpl(call.cast()).cast::<pg_sys::FuncExpr>();
        (*new).args = args;
        new.cast()
    }
}

unsafe fn int4(value: i32) -> *mut pg_sys::Node {
    // SAFETY: makes a node.
    unsafe {
        let none = pg_sys::InvalidOid;
        pg_sys::makeConst(pg_sys::INT4OID, -1, none, 4, pg_sys::Datum::from(value), false, true).cast()
    }
}

/// The mark of a call of `asked_visit_rows`, 0 where there is none.
unsafe fn mark_of(call: *mut pg_sys::FuncExpr) -> i32 {
    // SAFETY: a node of the planner's.
    unsafe {
        let mark: *mut pg_sys::Node = element((*call).args, MARK);
        let constant = mark.cast::<pg_sys::Const>();
        let is_one = length((*call).args) == ARGUMENTS
            && is(mark, NodeTag::T_Const)
            && (*constant).consttype == pg_sys::INT4OID
            && !(*constant).constisnull;
        if is_one { (*constant).constvalue.value() as i32 } else { 0 }
    }
}

/// The view's place in the query around it: a sub-query whose planning has not ended, over the call with this mark.
unsafe fn find(
    around: *mut pg_sys::PlannerInfo,
    function: pg_sys::Oid,
    mark: i32,
) -> Option<(*mut pg_sys::RelOptInfo, *mut pg_sys::RangeTblEntry)> {
    // SAFETY: nodes of the planner's; the arrays have the size that it says.
    unsafe {
        if around.is_null() || (*around).simple_rel_array.is_null() {
            return None;
        }
        let mut found = None;
        for i in 1..usize::try_from((*around).simple_rel_array_size).unwrap_or_default() {
            let (rel, rte) = (*(*around).simple_rel_array.add(i), *(*around).simple_rte_array.add(i));
            if rel.is_null() || rte.is_null() || !(*rel).subroot.is_null() || !is_over((*rte).subquery, function, mark)
            {
                continue;
            }
            if found.is_some() {
                // A copy of the same: whose turn it is cannot be told.
                return None;
            }
            found = Some((rel, rte));
        }
        found
    }
}

/// Whether a query is the body of `asked_visits` with this mark.
unsafe fn is_over(query: *mut pg_sys::Query, function: pg_sys::Oid, mark: i32) -> bool {
    // SAFETY: NULL or a query of the planner's.
    unsafe {
        let inner = |query: *mut pg_sys::Query| -> *mut pg_sys::Query {
            let rte: *mut pg_sys::RangeTblEntry = element((*query).rtable, 0);
            if rte.is_null() { null_mut() } else { (*rte).subquery }
        };
        if query.is_null() || length((*query).rtable) != 1 || inner(query).is_null() {
            return false;
        }
        let target: *mut pg_sys::TargetEntry = element((*inner(query)).targetList, 0);
        if target.is_null() || !is((*target).expr.cast(), NodeTag::T_FuncExpr) {
            return false;
        }
        let call = (*target).expr.cast::<pg_sys::FuncExpr>();
        (*call).funcid == function && mark_of(call) == mark
    }
}

/// What the conditions on the view say; `none` are the arguments that say nothing.
unsafe fn read(rel: *mut pg_sys::RelOptInfo, rte: *mut pg_sys::RangeTblEntry, none: *mut pg_sys::List) -> Asked {
    // SAFETY: nodes of the planner's.
    unsafe {
        let columns = (*(*rte).subquery).targetList;
        let mut asked = Asked {
            arguments: core::array::from_fn(|i| element(none, i)),
            with_numbers: false,
            names_visitors: false,
            is_joined: false,
        };
        let mut said = [false; ARGUMENTS];
        let view = View { index: (*rel).relid, columns };
        for i in 0..length((*rel).baserestrictinfo) {
            let clause = (*element::<pg_sys::RestrictInfo>((*rel).baserestrictinfo, i)).clause.cast::<pg_sys::Node>();
            asked.with_numbers |= view.mentions_number(clause);
            let Some(condition) = view.condition(clause) else { continue };
            for (place, value) in condition.into_iter().flatten() {
                if !core::mem::replace(&mut said[place], true) {
                    asked.arguments[place] = value;
                }
            }
        }
        asked.with_numbers |= is_number_needed(rel, columns);
        asked.names_visitors = said[VISITORS];
        asked
    }
}

impl Asked {
    /// The visitors that the view is joined with, where it is not asked for others.
    unsafe fn join(
        &mut self,
        around: *mut pg_sys::PlannerInfo,
        rel: *mut pg_sys::RelOptInfo,
        rte: *mut pg_sys::RangeTblEntry,
        function: pg_sys::Oid,
        root: *mut pg_sys::PlannerInfo,
    ) {
        // SAFETY: nodes of the planner's.
        unsafe {
            let columns = (*(*rte).subquery).targetList;
            let Some(place) = (0..length(columns)).find(|i| named(columns, *i) == Some(b"visitor_id")) else { return };
            let visitors = asked_joined::visitors(around, (*rel).relid, place as i32 + 1, function, MAX_JOINED + 1);
            if !visitors.is_null() {
                self.arguments[VISITORS] = visitors;
                self.is_joined = true;
                // The planner looks for sub-selects when it has asked us.
                (*(*root).parse).hasSubLinks = true;
            }
        }
    }
}

/// Whether the number of a visit is read elsewhere than in the view's own conditions.
unsafe fn is_number_needed(rel: *mut pg_sys::RelOptInfo, columns: *mut pg_sys::List) -> bool {
    // SAFETY: nodes of the planner's; attr_needed has an element for each column from min_attr to max_attr.
    unsafe {
        // Only of a relation of the query itself the planner notes what is needed.
        if (*rel).reloptkind != pg_sys::RelOptKind::RELOPT_BASEREL || (*rel).attr_needed.is_null() {
            return true;
        }
        let is_needed = |column: i32| {
            let place = column - i32::from((*rel).min_attr);
            place < 0
                || column > i32::from((*rel).max_attr)
                || pg_sys::bms_num_members(*(*rel).attr_needed.add(place as usize)) > 0
        };
        // 0 is the whole row.
        is_needed(0) || (0..length(columns)).any(|i| named(columns, i) == Some(b"visit_no") && is_needed(i as i32 + 1))
    }
}

/// The name of a column of a sub-query.
unsafe fn named<'a>(columns: *mut pg_sys::List, index: usize) -> Option<&'a [u8]> {
    // SAFETY: a list of target entries; names are NUL-terminated and live as long as the query.
    unsafe {
        let entry: *mut pg_sys::TargetEntry = element(columns, index);
        if entry.is_null() || (*entry).resname.is_null() {
            return None;
        }
        Some(core::ffi::CStr::from_ptr((*entry).resname).to_bytes())
    }
}

/// The arguments that a condition gives: at most two, for an equality of instants.
type Condition = [Option<(usize, *mut pg_sys::Node)>; 2];

struct View {
    index: pg_sys::Index,
    columns: *mut pg_sys::List,
}

impl View {
    /// The name of the column that a node is.
    unsafe fn column<'a>(&self, node: *mut pg_sys::Node) -> Option<&'a [u8]> {
        // SAFETY: a node of the planner's.
        unsafe {
            if !is(node, NodeTag::T_Var) {
                return None;
            }
            let var = node.cast::<pg_sys::Var>();
            if (*var).varno as pg_sys::Index != self.index || (*var).varlevelsup != 0 {
                return None;
            }
            named(self.columns, usize::try_from((*var).varattno).ok()?.checked_sub(1)?)
        }
    }

    /// Whether a condition may be about the number of a visit: all that are not about another single column.
    unsafe fn mentions_number(&self, clause: *mut pg_sys::Node) -> bool {
        // SAFETY: a node of the planner's.
        unsafe {
            let columns = pg_sys::pull_var_clause(clause, pg_sys::PVC_RECURSE_PLACEHOLDERS as c_int);
            (0..length(columns)).any(|i| self.column(element(columns, i)).is_none_or(|name| name == b"visit_no"))
        }
    }

    unsafe fn condition(&self, clause: *mut pg_sys::Node) -> Option<Condition> {
        // SAFETY: a node of the planner's.
        unsafe {
            if is(clause, NodeTag::T_OpExpr) {
                let op = clause.cast::<pg_sys::OpExpr>();
                let (left, right): (*mut pg_sys::Node, *mut pg_sys::Node) =
                    (element((*op).args, 0), element((*op).args, 1));
                let (column, operator, value) = match self.column(left) {
                    Some(column) => (column, (*op).opno, right),
                    None => (self.column(right)?, pg_sys::get_commutator((*op).opno), left),
                };
                if operator == pg_sys::InvalidOid || length((*op).args) != 2 || !is_fixed(value, MAX_DEPTH) {
                    return None;
                }
                if column == b"visitor_id" {
                    return self.one_visitor(operator, (*op).inputcollid, value);
                }
                return instants(column, operator, value);
            }
            if is(clause, NodeTag::T_ScalarArrayOpExpr) {
                let op = clause.cast::<pg_sys::ScalarArrayOpExpr>();
                let (left, right): (*mut pg_sys::Node, *mut pg_sys::Node) =
                    (element((*op).args, 0), element((*op).args, 1));
                let is_visitor = self.column(left) == Some(b"visitor_id")
                    && (*op).useOr
                    && is_equality_of_texts((*op).opno, (*op).inputcollid)
                    && is_fixed(right, MAX_DEPTH)
                    && pg_sys::exprType(right) == pg_sys::TEXTARRAYOID;
                return is_visitor.then(|| [Some((VISITORS, copy(right))), None]);
            }
            None
        }
    }

    unsafe fn one_visitor(
        &self,
        operator: pg_sys::Oid,
        collation: pg_sys::Oid,
        value: *mut pg_sys::Node,
    ) -> Option<Condition> {
        // SAFETY: a node of the planner's; what is made is in its memory.
        unsafe {
            if !is_equality_of_texts(operator, collation) || pg_sys::exprType(value) != pg_sys::TEXTOID {
                return None;
            }
            let mut array = pg_sys::ArrayExpr {
                array_typeid: pg_sys::TEXTARRAYOID,
                array_collid: pg_sys::DEFAULT_COLLATION_OID,
                element_typeid: pg_sys::TEXTOID,
                elements: pg_sys::lappend(null_mut(), copy(value).cast()),
                multidims: false,
                location: -1,
                ..Default::default()
            };
            array.xpr.type_ = NodeTag::T_ArrayExpr;
            Some([Some((VISITORS, copy((&raw mut array).cast()))), None])
        }
    }
}

/// Whether an operator compares two texts for equality by their bytes.
unsafe fn is_equality_of_texts(operator: pg_sys::Oid, collation: pg_sys::Oid) -> bool {
    // SAFETY: looks into the catalog.
    unsafe {
        let (mut left, mut right) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        pg_sys::op_input_types(operator, &mut left, &mut right);
        left == pg_sys::TEXTOID
            && right == pg_sys::TEXTOID
            && pg_sys::get_op_opfamily_strategy(operator, TEXT_OPS) == EQUAL
            && is_by_bytes(collation)
    }
}

/// Whether texts are equal in a collation only where their bytes are.
unsafe fn is_by_bytes(collation: pg_sys::Oid) -> bool {
    // SAFETY: looks into the catalog.
    unsafe { collation == pg_sys::InvalidOid || pg_sys::get_collation_isdeterministic(collation) }
}

/// Whether equality by these operator families is that of two texts by their bytes.
pub unsafe fn is_equality_of_texts_in(families: *mut pg_sys::List, collation: pg_sys::Oid) -> bool {
    // SAFETY: a list of Oids of the planner's.
    unsafe { pg_sys::list_member_oid(families, TEXT_OPS) && is_by_bytes(collation) }
}

/// What a comparison of an instant says: where reading begins or ends. Whether the bound itself counts is left to the condition.
unsafe fn instants(column: &[u8], operator: pg_sys::Oid, value: *mut pg_sys::Node) -> Option<Condition> {
    // SAFETY: looks into the catalog, and makes nodes in the planner's memory.
    unsafe {
        let (since, until) = match column {
            b"started_at" => (STARTED_SINCE, STARTED_UNTIL),
            b"touched_at" => (TOUCHED_SINCE, TOUCHED_UNTIL),
            _ => return None,
        };
        let (mut left, mut right) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        pg_sys::op_input_types(operator, &mut left, &mut right);
        let strategy = pg_sys::get_op_opfamily_strategy(operator, DATETIME_OPS);
        if left != pg_sys::TIMESTAMPTZOID || strategy == 0 {
            return None;
        }
        let value = instant(value, right)?;
        Some(match strategy {
            1 | 2 => [Some((until, value)), None],
            EQUAL => [Some((since, value)), Some((until, copy(value)))],
            _ => [Some((since, value)), None],
        })
    }
}

/// A value as an instant, where the cast cannot fail.
unsafe fn instant(value: *mut pg_sys::Node, of_type: pg_sys::Oid) -> Option<*mut pg_sys::Node> {
    // SAFETY: makes nodes in the planner's memory.
    unsafe {
        let (cast, a_day) = match of_type {
            pg_sys::TIMESTAMPTZOID => return Some(copy(value)),
            pg_sys::DATEOID => (pg_sys::F_TIMESTAMPTZ_DATE, 1),
            pg_sys::TIMESTAMPOID => (pg_sys::F_TIMESTAMPTZ_TIMESTAMP, 86_400_000_000),
            _ => return None,
        };
        if is(value, NodeTag::T_Const) {
            let constant = value.cast::<pg_sys::Const>();
            let number = (*constant).constvalue.value() as i64;
            let number = if of_type == pg_sys::DATEOID { i64::from(number as i32) } else { number };
            if (*constant).constisnull || !DAYS.contains(&(number / a_day)) {
                return None;
            }
        }
        let none = pg_sys::InvalidOid;
        let args = pg_sys::lappend(null_mut(), copy(value).cast());
        let form = pg_sys::CoercionForm::COERCE_IMPLICIT_CAST;
        let call = pg_sys::makeFuncExpr(cast.into(), pg_sys::TIMESTAMPTZOID, args, none, none, form);
        Some(call.cast())
    }
}

pub unsafe fn copy(node: *mut pg_sys::Node) -> *mut pg_sys::Node {
    // SAFETY: a node of the planner's; the copy is in its memory.
    unsafe { pg_sys::copyObjectImpl(node.cast::<c_void>()).cast() }
}

/// Whether an expression has one value while the view is read once, whoever computes it.
unsafe fn is_fixed(node: *mut pg_sys::Node, depth: usize) -> bool {
    // SAFETY: a node of the planner's.
    unsafe {
        let Some(tag) = node.as_ref().map(|node| node.type_) else { return false };
        let Some(depth) = depth.checked_sub(1) else { return false };
        let all = |list: *mut pg_sys::List| (0..length(list)).all(|i| is_fixed(element(list, i), depth));
        let is_stable = |function| pg_sys::func_volatile(function) as u8 != pg_sys::PROVOLATILE_VOLATILE;
        match tag {
            NodeTag::T_Const | NodeTag::T_SQLValueFunction => true,
            // One of the statement, or of the query around: what a sub-select said, or the row that a lateral one is for. Where that
            // changes, the view is read anew.
            NodeTag::T_Param => matches!(
                (*node.cast::<pg_sys::Param>()).paramkind,
                pg_sys::ParamKind::PARAM_EXTERN | pg_sys::ParamKind::PARAM_EXEC
            ),
            NodeTag::T_RelabelType => is_fixed((*node.cast::<pg_sys::RelabelType>()).arg.cast(), depth),
            NodeTag::T_CoerceViaIO => {
                !pg_sys::contain_volatile_functions(node)
                    && is_fixed((*node.cast::<pg_sys::CoerceViaIO>()).arg.cast(), depth)
            }
            NodeTag::T_ArrayExpr => all((*node.cast::<pg_sys::ArrayExpr>()).elements),
            NodeTag::T_FuncExpr => {
                let call = node.cast::<pg_sys::FuncExpr>();
                !(*call).funcretset && is_stable((*call).funcid) && all((*call).args)
            }
            NodeTag::T_OpExpr => {
                let op = node.cast::<pg_sys::OpExpr>();
                !(*op).opretset && is_stable(pg_sys::get_opcode((*op).opno)) && all((*op).args)
            }
            _ => false,
        }
    }
}
